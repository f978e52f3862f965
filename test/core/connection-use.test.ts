import { execFile } from 'node:child_process'
import dns from 'node:dns'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { Agent } from 'undici'
import { selfSignedCertificate } from './certificates.js'
import { clientOf, create, listToken, summary, verify } from './corbado-calls.js'
import {
  answer,
  connectToken,
  inOrder,
  type Reply,
  rawThenReset,
  startFaultServer,
  wellBehaved,
} from './fault-server.js'

const success = JSON.stringify({ verificationResult: 'success' })
const answerHead = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`

t.test('a huge body is not read to its end', async (t) => {
  for (const call of ['verify', 'create'] as const) {
    const chunk = Buffer.alloc(64 * 1024, ' ')
    let written = 0
    const flood: Reply = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n')
      const pour = (): void => {
        // Only what the connection has taken counts: the next chunk goes out when this one is gone.
        socket.write(chunk, (error) => {
          if (error) return
          written += chunk.length
          pour()
        })
      }
      pour()
    }
    const server = await startFaultServer(flood)
    t.teardown(() => server.close())
    const client = clientOf(server)
    const outcome = call === 'verify' ? await verify(client) : await create(client)
    t.equal(summary(outcome), call === 'verify' ? '502 OUTCOME_UNKNOWN' : '502 UPSTREAM_INVALID_RESPONSE')
    await server.ended(1)
    t.equal(server.requests.length, 1)
    t.ok(written < 20_000_000, `${written} bytes, most of them in the buffers of the system`)
  }
})

t.test('a body of exactly 64 KiB is read, one byte more is not', async (t) => {
  for (const [size, expected] of [
    [64 * 1024, 'ok'],
    [64 * 1024 + 1, '502 OUTCOME_UNKNOWN'],
  ] as const) {
    const server = await startFaultServer(answer(200, success.padEnd(size)))
    t.teardown(() => server.close())
    t.equal(summary(await verify(clientOf(server))), expected)
  }
})

t.test('an encoded answer counts as none: it was not asked for', async (t) => {
  for (const [encoding, body] of [
    ['gzip', gzipSync(success)],
    ['br', success],
    ['gzip', gzipSync(Buffer.alloc(10_000_000))],
  ] as const) {
    const server = await startFaultServer(answer(200, body, [`Content-Encoding: ${encoding}`]))
    t.teardown(() => server.close())
    t.equal(summary(await verify(clientOf(server))), '502 OUTCOME_UNKNOWN')
    t.equal(summary(await create(clientOf(server))), '502 UPSTREAM_INVALID_RESPONSE')
    t.equal(server.requests.length, 2)
    t.same(
      server.requests.map(({ headers }) => headers['accept-encoding']),
      ['identity', 'identity'],
    )
  }
})

t.test('redirects are not followed', async (t) => {
  const trap = await startFaultServer(wellBehaved)
  t.teardown(() => trap.close())
  for (const status of [301, 302, 303, 307, 308]) {
    const server = await startFaultServer(answer(status, success, [`Location: ${trap.origin}/v2/connectTokens`]))
    t.teardown(() => server.close())
    t.equal(summary(await verify(clientOf(server))), '502 OUTCOME_UNKNOWN')
    t.equal(summary(await create(clientOf(server))), '502 UPSTREAM_INVALID_RESPONSE')
    t.equal(server.requests.length, 2)
  }
  t.equal(trap.connections(), 0)
})

t.test('both kinds of call keep their connections, and neither uses those of the other', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const client = clientOf(server)
  t.teardown(() => client.close())
  for (const call of [create, verify]) {
    const before = server.connections()
    for (let index = 0; index < 5; index += 1) t.equal(summary(await call(client)), 'ok')
    // A call that comes while the last answer is still being put away opens a second connection.
    const opened = server.connections() - before
    t.ok(opened >= 1 && opened <= 2, `${opened} connections for 5 calls`)
  }
  const connectionsOf = (path: string): Set<number> =>
    new Set(server.requests.filter((request) => request.path === path).map(({ connection }) => connection))
  const shared = connectionsOf('/v2/connectTokens')
  for (const connection of connectionsOf('/v2/passkey/verifySignedData')) t.notOk(shared.has(connection))
  t.ok(server.requests.every(({ headers }) => headers.connection === 'keep-alive'))
})

t.test('a connection that was idle for a second carries no verification, whatever the server promises', async (t) => {
  for (const headers of [[], ['Keep-Alive: timeout=60'], ['Connection: keep-alive', 'Keep-Alive: timeout=5, max=9']]) {
    const server = await startFaultServer(answer(200, success, headers))
    t.teardown(() => server.close())
    const client = clientOf(server)
    t.teardown(() => client.close())
    t.equal(summary(await verify(client)), 'ok')
    const answeredAt = performance.now()
    await server.ended(1)
    const idleMs = performance.now() - answeredAt
    t.ok(idleMs > 500 && idleMs < 2000, `closed after ${idleMs} ms`)
    t.equal(summary(await verify(client)), 'ok')
    t.equal(server.requests[1]?.connection, 2)
  }
})

t.test('a server that closes after each answer, with or without saying so, loses no verification', async (t) => {
  const withFin: Reply = (socket) => socket.end(answerHead(success.length) + success)
  const announced: Reply = (socket) =>
    socket.end(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${success.length}\r\n\r\n${success}`)
  for (const reply of [withFin, announced]) {
    const server = await startFaultServer(reply)
    t.teardown(() => server.close())
    const client = clientOf(server)
    t.teardown(() => client.close())
    for (let index = 0; index < 20; index += 1) t.equal(summary(await verify(client)), 'ok')
    t.equal(server.requests.length, 20)
    t.equal(server.connections(), 20)
  }
})

t.test('an idle connection that the server closes or resets is replaced', async (t) => {
  for (const [how, end] of Object.entries({
    closed: (socket: Socket): unknown => socket.end(),
    reset: (socket: Socket): unknown => socket.resetAndDestroy(),
  })) {
    const sockets: Socket[] = []
    const server = await startFaultServer((socket, request) => {
      sockets.push(socket)
      wellBehaved(socket, request)
    })
    t.teardown(() => server.close())
    const client = clientOf(server)
    t.teardown(() => client.close())
    for (let count = 1; count <= 5; count += 1) {
      t.equal(summary(await verify(client)), 'ok', how)
      for (const socket of sockets.splice(0)) end(socket)
      await server.ended(count)
    }
    t.equal(server.requests.length, 5, how)
    t.equal(server.connections(), 5, how)
  }
})

t.test('a server that closes idle connections after 100 ms: at worst the outcome is unknown', async (t) => {
  const idleMs = 100
  const server = await startFaultServer(wellBehaved, {
    onConnection: (socket) => {
      socket.setTimeout(idleMs, () => socket.end())
    },
  })
  t.teardown(() => server.close())
  const client = clientOf(server)
  t.teardown(() => client.close())
  const outcomes: string[] = []
  for (let round = 0; round < 30; round += 1) {
    outcomes.push(summary(await verify(client)))
    // Around the moment at which the server closes.
    await new Promise((resolve) => setTimeout(resolve, idleMs - 5 + (round % 11)))
  }
  t.ok(
    outcomes.every((outcome) => outcome === 'ok' || outcome === '502 OUTCOME_UNKNOWN'),
    outcomes.join(),
  )
  t.ok(outcomes.filter((outcome) => outcome === 'ok').length > 15, outcomes.join())
  t.ok(server.requests.length <= outcomes.length, 'no verification is sent a second time')
})

t.test('an answer on an idle connection, or bytes left over, close it', async (t) => {
  const surplus: Record<string, string> = {
    'a second verdict': answerHead(success.length) + success,
    'the start of an answer': 'HTTP/1.1 200 O',
    'an interim answer': 'HTTP/1.1 100 Continue\r\n\r\n',
    'something that is not HTTP': '{"verificationResult":"success"}',
    'one byte': 'x',
  }
  const rejected = JSON.stringify({ verificationResult: 'invalid_challenge' })
  for (const [name, bytes] of Object.entries(surplus)) {
    for (const when of ['with the answer', 'right after it', 'later'] as const) {
      const server = await startFaultServer((socket) => {
        const first = answerHead(rejected.length) + rejected
        if (when === 'with the answer') {
          socket.write(first + bytes)
          return
        }
        socket.write(first)
        if (when === 'right after it') setImmediate(() => socket.write(bytes))
        else setTimeout(() => socket.write(bytes), 30)
      })
      t.teardown(() => server.close())
      const client = clientOf(server)
      t.teardown(() => client.close())
      t.same(await verify(client), { value: { verificationResult: 'invalid_challenge' } }, name)
      const answeredAt = performance.now()
      await server.ended(1)
      t.ok(performance.now() - answeredAt < 500, `${name}, ${when}: closed at once`)
      t.same(await verify(client), { value: { verificationResult: 'invalid_challenge' } }, name)
      t.equal(server.requests[1]?.connection, 2, `${name}, ${when}`)
      await client.close()
    }
  }
})

t.test('a server that resets after every answer loses no verification', async (t) => {
  const server = await startFaultServer(rawThenReset(answerHead(success.length) + success))
  t.teardown(() => server.close())
  const client = clientOf(server)
  for (let index = 0; index < 20; index += 1) t.equal(summary(await verify(client)), 'ok')
  t.equal(server.requests.length, 20)
})

t.test('an answer that nobody asked for does not become the next one’s', async (t) => {
  const token = (secret: string): string => {
    const body = { id: 'ctk-1', tokenType: listToken.type, connectTokenStatus: 'initial', secret, expires: 1 }
    return JSON.stringify(body)
  }
  const withPoison: Reply = (socket, request) => {
    connectToken(socket, request)
    const body = token('poison')
    setImmediate(() => socket.write(answerHead(body.length) + body))
  }
  const server = await startFaultServer(withPoison)
  t.teardown(() => server.close())
  const client = clientOf(server)
  for (let index = 0; index < 20; index += 1) {
    t.match(await create(client), { value: { secret: 'ctk1_secret' } })
    t.equal(summary(await verify(client)), '502 OUTCOME_UNKNOWN', 'a connect token is no verdict')
  }
  const twoInOne = await startFaultServer((socket) => {
    const [first, second] = [token('ctk1_first'), token('poison')]
    socket.write(answerHead(first.length) + first + answerHead(second.length) + second)
  })
  t.teardown(() => twoInOne.close())
  const other = clientOf(twoInOne)
  for (let index = 0; index < 5; index += 1) {
    const outcome = await create(other)
    if ('value' in outcome) t.match(outcome, { value: { secret: 'ctk1_first' } })
    else t.equal(summary(outcome), '503 UPSTREAM_UNAVAILABLE retryable')
  }
})

t.test('a verification that was given up while its connection was made is never written', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const givenUp = new AbortController()
  let connect = (): void => {}
  const lookup = (_: string, __: unknown, done: (error: null, found: object[]) => void): void => {
    connect = () => done(null, [{ address: '127.0.0.1', family: 4 }])
    givenUp.abort(new Error('the client left'))
  }
  t.intercept(dns, 'lookup', { value: lookup })
  const client = clientOf({ origin: `http://localhost:${server.port}` })
  t.teardown(() => client.close())
  await t.rejects(verify(client, givenUp.signal), { message: 'the client left' })
  connect()
  await server.ended(1)
  t.equal(server.bytesReceived(), 0, 'the unused connection is closed after a second')
  t.equal(summary(await verify(client)), 'ok')
  t.equal(server.requests.length, 1)
})

t.test('the late answer of a call that was given up goes nowhere', async (t) => {
  const lateMs = 100
  const late: Reply = (socket, request) => {
    setTimeout(() => connectToken(socket, request), 2 * lateMs)
  }
  const server = await startFaultServer(inOrder(late, connectToken))
  t.teardown(() => server.close())
  const client = clientOf(server, { timeoutMs: lateMs })
  t.equal(summary(await create(client)), '504 UPSTREAM_TIMEOUT retryable')
  t.equal(summary(await create(client)), 'ok')
  t.not(server.requests[1]?.connection, 1)
})

const certificate = selfSignedCertificate()
t.test(
  'TLS: certificates are checked, and verifications share a connection',
  { skip: certificate === undefined && 'needs the openssl command to make a certificate' },
  async (t) => {
    if (certificate === undefined) return
    const server = await startFaultServer(wellBehaved, { tls: certificate })
    t.teardown(() => server.close())
    t.match(await verify(clientOf(server)), { reason: 'config_certificate' }, 'an authority that nobody trusts')
    t.equal(server.requests.length, 0)

    const agent = new Agent({ connect: { ca: certificate.cert } })
    t.teardown(() => agent.close())
    const overAgent = clientOf(server, { dispatcher: agent })
    t.equal(summary(await verify(overAgent)), 'ok')
    t.equal(summary(await create(overAgent)), 'ok')

    // Node reads this variable only when a process starts.
    const folder = mkdtempSync(join(tmpdir(), 'corbado-connect-ca-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'ca.pem')
    writeFileSync(file, certificate.cert)
    const before = server.connections()
    const program = `
      const { CorbadoClient } = await import(${JSON.stringify(import.meta.resolve('@corbado-connect/core'))})
      const client = CorbadoClient.fromEnv()
      for (let index = 0; index < 20; index += 1) {
        const login = { signedPasskeyData: 'a.b.c', username: 'jane' }
        console.log((await client.passkeys.verifySignedData(login)).verificationResult)
      }`
    const env = {
      CORBADO_PROJECT_ID: 'pro-1',
      CORBADO_API_SECRET: 'corbado1_x',
      CORBADO_BACKEND_API: server.origin,
      NODE_EXTRA_CA_CERTS: file,
    }
    // Without `close`: idle connections do not keep the process alive.
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env })
    t.equal(stdout, 'success\n'.repeat(20))
    const opened = server.connections() - before
    t.ok(opened <= 2, `${opened} connections for 20 verifications`)
  },
)
