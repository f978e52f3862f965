import { subscribe } from 'node:diagnostics_channel'
import dns from 'node:dns'
import t from 'tap'
import { selfSignedCertificate } from './certificates.js'
import { clientOf, create, summary, verify } from './corbado-calls.js'
import {
  dripping,
  type FaultServerOptions,
  type Reply,
  raw,
  rawThenFin,
  rawThenReset,
  silence,
  startFaultServer,
  wellBehaved,
} from './fault-server.js'

/** Where a hang has to end, and how much later at the most, in milliseconds. */
const hangDeadline = 400
const slack = 500

const success = JSON.stringify({ verificationResult: 'success' })
const answerHead = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`

/** Connections that could not be made, by port: the attempts of calls that reached nobody. */
const failedConnects = new Map<number, number>()
subscribe('undici:client:connectError', (message) => {
  const parameters = propertyOf(message, 'connectParams')
  const port = Number(propertyOf(parameters, 'port'))
  failedConnects.set(port, (failedConnects.get(port) ?? 0) + 1)
})
const propertyOf = (value: unknown, name: string): unknown => Reflect.get(Object(value), name)

type Row = {
  reply?: Reply
  server?: FaultServerOptions
  https?: true
  /** Milliseconds; default 5000. */
  timeoutMs?: number
  verify: string
  create: string
  /** Complete requests that the server got. */
  requests: { verify: number; create: number }
  /** Default: one per request. */
  connections?: { verify: number; create: number }
}

const neverSent = { verify: '503 UPSTREAM_UNAVAILABLE retryable', requests: { verify: 0, create: 0 } }
const cutOff = {
  verify: '502 OUTCOME_UNKNOWN',
  create: '503 UPSTREAM_UNAVAILABLE retryable',
  requests: { verify: 1, create: 2 },
}
const tooLate = {
  verify: '504 OUTCOME_UNKNOWN',
  create: '504 UPSTREAM_TIMEOUT retryable',
  requests: { verify: 1, create: 1 },
  timeoutMs: hangDeadline,
}

const rows: Record<string, Row> = {
  'TLS handshake hangs': {
    ...neverSent,
    https: true,
    timeoutMs: hangDeadline,
    server: { onBytes: () => {} },
    create: '504 UPSTREAM_TIMEOUT retryable',
    connections: { verify: 1, create: 1 },
  },
  'plaintext behind https': {
    ...neverSent,
    https: true,
    server: { onBytes: (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') },
    create: '503 UPSTREAM_UNAVAILABLE retryable',
    connections: { verify: 3, create: 3 },
  },
  'FIN right after accept': {
    ...cutOff,
    server: { onConnection: (socket) => socket.end(), onBytes: () => {} },
    requests: { verify: 0, create: 0 },
    connections: { verify: 1, create: 2 },
  },
  'FIN instead of an answer': { ...cutOff, reply: rawThenFin('') },
  'reset instead of an answer': { ...cutOff, reply: rawThenReset('') },
  'processed, then reset within the answer': { ...cutOff, reply: rawThenReset(answerHead(40) + success) },
  'FIN within the status line': { ...cutOff, reply: rawThenFin('HTTP/1.1 2') },
  'FIN within the headers': { ...cutOff, reply: rawThenFin('HTTP/1.1 200 OK\r\nContent-Le') },
  'FIN before the end of a body that reads success': { ...cutOff, reply: rawThenFin(answerHead(40) + success) },
  'FIN within chunks that read success': {
    ...cutOff,
    reply: rawThenFin(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${success.length.toString(16)}\r\n${success}\r\n`,
    ),
  },
  'no HTTP': { ...cutOff, reply: raw('SSH-2.0-OpenSSH_9.6\r\n') },
  'two lengths': {
    ...cutOff,
    reply: raw(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 31\r\n\r\n${success}`),
  },
  'switching protocols': { ...cutOff, reply: raw('HTTP/1.1 101 Switching Protocols\r\n\r\n') },
  silence: { ...tooLate, reply: silence },
  'partial status line, then silence': { ...tooLate, reply: raw('HTTP/1.1 2') },
  'partial headers, then silence': { ...tooLate, reply: raw('HTTP/1.1 200 OK\r\nContent-Le') },
  'a header line every 60 ms': { ...tooLate, reply: dripping('HTTP/1.1 200 OK\r\n', 'X-Drop: 1\r\n', 60) },
  '102 Processing every 60 ms': { ...tooLate, reply: dripping('', 'HTTP/1.1 102 Processing\r\n\r\n', 60) },
  'a byte of the body every 60 ms': { ...tooLate, reply: dripping(answerHead(1000) + success, ' ', 60) },
  'headers of a success, then silence': { ...tooLate, reply: raw(answerHead(success.length)) },
}

t.test('faults of a connection, and what each call makes of them', async (t) => {
  // Some at once: many wait for a deadline.
  t.jobs = 3
  for (const [name, row] of Object.entries(rows)) {
    t.test(name, { buffered: true }, async (t) => {
      for (const call of ['verify', 'create'] as const) {
        const server = await startFaultServer(row.reply ?? silence, row.server)
        t.teardown(() => server.close())
        const origin = row.https ? server.httpsOrigin : server.origin
        const { timeoutMs = 5000 } = row
        const client = clientOf({ origin }, { timeoutMs })
        const startedAt = performance.now()
        const outcome = call === 'verify' ? await verify(client) : await create(client)
        t.ok(performance.now() - startedAt < timeoutMs + slack, 'within the deadline')
        t.equal(summary(outcome), row[call], call)
        t.equal(server.requests.length, row.requests[call], `${call}: requests`)
        t.equal(server.connections(), row.connections?.[call] ?? row.requests[call], `${call}: connections`)
      }
    })
  }
})

t.test('port refused: three attempts, then 503', async (t) => {
  const server = await startFaultServer(silence)
  await server.close()
  const client = clientOf(server)
  t.equal(summary(await verify(client)), '503 UPSTREAM_UNAVAILABLE retryable')
  t.equal(failedConnects.get(server.port), 3)
  t.equal(summary(await create(client)), '503 UPSTREAM_UNAVAILABLE retryable')
  t.equal(failedConnects.get(server.port), 6)
})

t.test('a name that is not found: three look-ups; twice not found and then found: sent once', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  let failures = Number.POSITIVE_INFINITY
  let lookups = 0
  // The name server of a machine cannot be scripted, so the look-up is.
  const lookup = (name: string, _: unknown, done: (error: Error | null, found?: object[]) => void): void => {
    t.equal(name, 'localhost')
    lookups += 1
    const error = Object.assign(new Error(`getaddrinfo ${name}`), { code: failures === 2 ? 'EAI_AGAIN' : 'ENOTFOUND' })
    process.nextTick(() => (lookups <= failures ? done(error) : done(null, [{ address: '127.0.0.1', family: 4 }])))
  }
  t.intercept(dns, 'lookup', { value: lookup })
  const client = clientOf({ origin: `http://localhost:${server.port}` })

  for (const call of [verify, create]) {
    lookups = 0
    failures = Number.POSITIVE_INFINITY
    t.equal(summary(await call(client)), '503 UPSTREAM_UNAVAILABLE retryable')
    t.equal(lookups, 3)
  }
  t.equal(server.connections(), 0)
  for (const [index, call] of [verify, create].entries()) {
    lookups = 0
    failures = 2
    t.equal(summary(await call(client)), 'ok')
    t.equal(server.requests.length, index + 1)
  }
})

const certificate = selfSignedCertificate()
t.test(
  'a certificate of nobody that we know: one connection, no retry',
  {
    skip: certificate === undefined && 'needs the openssl command to make a certificate',
  },
  async (t) => {
    if (certificate === undefined) return
    for (const call of [verify, create]) {
      const server = await startFaultServer(silence, { tls: certificate })
      t.teardown(() => server.close())
      const outcome = await call(clientOf(server))
      t.equal(summary(outcome), '503 UPSTREAM_UNAVAILABLE')
      t.match(outcome, { retryable: false, reason: 'config_certificate' })
      t.equal(server.connections(), 1)
      t.equal(server.bytesReceived(), 0)
    }
  },
)
