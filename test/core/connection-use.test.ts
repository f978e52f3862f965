import dns from 'node:dns'
import { gzipSync } from 'node:zlib'
import t from 'tap'
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

t.test('connect tokens share a connection; each verification has its own', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const client = clientOf(server)
  t.teardown(() => client.close())
  for (let index = 0; index < 5; index += 1) t.equal(summary(await create(client)), 'ok')
  // A call that comes while the last answer is still being put away opens a second connection.
  const shared = server.connections()
  t.ok(shared <= 2, `${shared} connections for 5 connect tokens`)
  for (let index = 0; index < 5; index += 1) t.equal(summary(await verify(client)), 'ok')
  const verifications = server.requests.filter(({ path }) => path === '/v2/passkey/verifySignedData')
  t.same(
    verifications.map(({ connection, headers }) => [connection, headers.connection]),
    [1, 2, 3, 4, 5].map((index) => [shared + index, 'close']),
  )
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

t.test('a connection whose verification was given up is not the next one’s', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const found: (() => void)[] = []
  const lookup = (_: string, __: unknown, done: (error: null, found: object[]) => void): void => {
    found.push(() => done(null, [{ address: '127.0.0.1', family: 4 }]))
    if (found.length > 1) found[1]?.()
    else givenUp.abort(new Error('the client left'))
  }
  t.intercept(dns, 'lookup', { value: lookup })
  const client = clientOf({ origin: `http://localhost:${server.port}` })
  t.teardown(() => client.close())
  const givenUp = new AbortController()
  await t.rejects(verify(client, givenUp.signal), { message: 'the client left' })
  found[0]?.()
  const late = new Promise((resolve) => setTimeout(() => resolve('still open'), 1000).unref())
  t.not(await Promise.race([server.ended(1), late]), 'still open', 'it is not kept for the next one')
  t.equal(summary(await verify(client)), 'ok')
  t.same(
    server.requests.map(({ connection }) => connection),
    [2],
    'a connection that stood idle may be dead, and a reset on it would be ambiguous',
  )
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
