import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import dns from 'node:dns'
import { getEventListeners } from 'node:events'
import t from 'tap'
import { Agent, MockAgent, RetryAgent } from 'undici'
import { clientOf, create, login, summary, verify } from './corbado-calls.js'
import { answer, inOrder, type Reply, rawThenReset, silence, startFaultServer, wellBehaved } from './fault-server.js'

/** Largest number of calls of one kind that may be under way: 128 connections and 512 in the queue. */
const cap = 128 + 512

/** Resolves when a client has made a connection and had the time to use it. */
const connectionMade = (): Promise<void> =>
  new Promise((resolve) => {
    const made = (): void => {
      unsubscribe('undici:client:connected', made)
      setImmediate(resolve)
    }
    subscribe('undici:client:connected', made)
  })

async function upstream(t: Pick<typeof import('tap').default, 'teardown'>, reply: Reply) {
  const server = await startFaultServer(reply)
  t.teardown(() => server.close())
  return server
}

t.test('connect token: 503 twice, then fine; the waits are real and grow', async (t) => {
  t.intercept(Math, 'random', { value: () => 0.5 })
  const server = await upstream(t, inOrder(answer(503), answer(503), wellBehaved))
  t.equal(summary(await create(clientOf(server))), 'ok')
  const [first = 0, second = 0, third = 0] = server.requests.map(({ at }) => at)
  t.equal(server.requests.length, 3)
  t.ok(second - first >= 58, `${second - first} ms`)
  t.ok(third - second >= 108, `${third - second} ms`)
})

t.test('connect token: 429 is waited for where it fits the deadline', async (t) => {
  const limited = inOrder(answer(429, {}, ['Retry-After: 1']), wellBehaved)
  const server = await upstream(t, limited)
  t.equal(summary(await create(clientOf(server))), 'ok')
  const [first = 0, second = 0] = server.requests.map(({ at }) => at)
  t.equal(server.requests.length, 2)
  t.ok(second - first >= 998, `${second - first} ms`)

  const impatient = await upstream(t, answer(429, {}, ['Retry-After: 1']))
  const startedAt = performance.now()
  t.equal(summary(await create(clientOf(impatient, { timeoutMs: 900 }))), '503 UPSTREAM_BUSY retryable')
  t.ok(performance.now() - startedAt < 700, 'it does not wait for what cannot fit')
  t.equal(impatient.requests.length, 1)
})

t.test('connect token: a reset is tried once more, and only once', async (t) => {
  const healed = await upstream(t, inOrder(rawThenReset(''), wellBehaved))
  t.equal(summary(await create(clientOf(healed))), 'ok')
  t.equal(healed.requests.length, 2)
  const mixed = await upstream(t, inOrder(answer(500), rawThenReset('')))
  t.equal(summary(await create(clientOf(mixed))), '503 UPSTREAM_UNAVAILABLE retryable')
  t.equal(mixed.requests.length, 2)
})

t.test('connect token: the first attempt gets two seconds of the deadline, so that a second one fits', async (t) => {
  const server = await upstream(t, inOrder(silence, wellBehaved))
  const hung = await upstream(t, silence)
  const startedAt = performance.now()
  const [healed, never] = await Promise.all([
    create(clientOf(server)).then((outcome) => [summary(outcome), performance.now() - startedAt] as const),
    create(clientOf(hung)).then((outcome) => [summary(outcome), performance.now() - startedAt] as const),
  ])
  t.equal(healed[0], 'ok')
  t.ok(healed[1] >= 1990 && healed[1] < 2700, `${healed[1]} ms`)
  t.equal(server.requests.length, 2)
  t.equal(never[0], '504 UPSTREAM_TIMEOUT retryable')
  t.ok(never[1] < 5500, `${never[1]} ms`)
  t.equal(hung.requests.length, 2)
})

t.test('connect token: an answer after more than two seconds is waited for', async (t) => {
  const after =
    (ms: number): Reply =>
    (socket, request) => {
      setTimeout(() => wellBehaved(socket, request), ms)
    }
  const slow = await upstream(t, after(2100))
  const slower = await upstream(t, after(2600))
  const client = clientOf(slow)
  const [one, many, patient] = await Promise.all([
    create(clientOf(slow)),
    Promise.all(Array.from({ length: 50 }, () => create(client))),
    create(clientOf(slower, { timeoutMs: 8000 })),
  ])
  t.equal(summary(one), 'ok')
  // Ten of them can afford a retry. The others have no reason to give up after two seconds.
  t.same(new Set(many.map(summary)), new Set(['ok']))
  t.ok(slow.requests.length <= 2 + 50 + 10, `${slow.requests.length} requests`)
  t.equal(summary(patient), 'ok')
  t.equal(slower.requests.length, 1, 'the share of the first attempt grows with the deadline')
})

t.test('connect token: at total failure retries stay under a fifth of the calls', async (t) => {
  const server = await upstream(t, answer(500))
  const client = clientOf(server)
  t.teardown(() => client.close())
  for (let round = 0; round < 10; round += 1) {
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => create(client)))
    t.ok(outcomes.every((outcome) => summary(outcome) === '502 UPSTREAM_REJECTED'))
  }
  t.ok(server.requests.length >= 1000 && server.requests.length < 1200, `${server.requests.length} requests`)
})

t.test('overload: refused at once, and never sent later; the other kind of call is not disturbed', async (t) => {
  const reason = new Error('the client left')
  for (const [call, other] of [
    [verify, create],
    [create, verify],
  ] as const) {
    const server = await upstream(t, silence)
    const client = clientOf(server)
    const [busy, queue] = [new AbortController(), new AbortController()]
    const sent = Array.from({ length: 128 }, () => call(client, busy.signal).catch(() => {}))
    const waiting = Array.from({ length: cap - 128 }, () => call(client, queue.signal))
    await server.arrived(128)
    const refused = await call(client)
    t.equal(summary(refused), '503 OVERLOADED retryable')
    t.match(refused, { reason: 'queue_full', retryAfterSeconds: 1 })
    const undisturbed = other(client, busy.signal).catch(() => {})
    await server.arrived(129)
    queue.abort(reason)
    const outcomes = await Promise.allSettled(waiting)
    t.ok(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === reason))
    // Every connection becomes free: what was given up in the queue must not go out on it.
    busy.abort(reason)
    await Promise.all([...sent, undisturbed])
    await server.ended(129)
    const last = new AbortController()
    const probe = call(client, last.signal).catch(() => {})
    await server.arrived(130)
    last.abort(reason)
    await probe
    t.equal(server.requests.length, 130)
    await client.close()
  }
})

t.test('a deadline that passes before there is a connection: nothing is written, not even late', async (t) => {
  const server = await upstream(t, wellBehaved)
  let connect = (): void => {}
  t.intercept(dns, 'lookup', {
    value: (_: string, __: unknown, done: (error: null, found: object[]) => void) => {
      connect = () => done(null, [{ address: '127.0.0.1', family: 4 }])
    },
  })
  for (const [index, call] of [verify, create].entries()) {
    const client = clientOf({ origin: `http://localhost:${server.port}` }, { timeoutMs: 100 })
    t.match(summary(await call(client)), call === verify ? '503 UPSTREAM_UNAVAILABLE' : '504 UPSTREAM_TIMEOUT')
    const connected = connectionMade()
    connect()
    await connected
    await client.close()
    await server.ended(index + 1)
  }
  t.equal(server.connections(), 2)
  t.equal(server.bytesReceived(), 0)
})

t.test('AbortSignal: before it is sent, the call rejects with its reason', async (t) => {
  const server = await upstream(t, silence)
  const reason = new Error('the client left')
  for (const call of [verify, create]) {
    await t.rejects(call(clientOf(server), AbortSignal.abort(reason)), reason)
    const connecting = new AbortController()
    const stuck = new Agent({ connect: () => setImmediate(() => connecting.abort(reason)) })
    t.teardown(() => stuck.destroy())
    await t.rejects(call(clientOf(server, { dispatcher: stuck }), connecting.signal), reason)
  }
  t.equal(server.connections(), 0)
})

t.test('AbortSignal: any number of calls may share one', async (t) => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): unknown => warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const server = await upstream(t, answer(500))
  const client = clientOf(server)
  const { signal } = new AbortController()
  await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? verify : create)(client, signal)))
  await new Promise((resolve) => setImmediate(resolve))
  t.same(warnings, [])
  t.equal(getEventListeners(signal, 'abort').length, 0, 'nothing stays on the signal')
})

t.test('AbortSignal: ends the pause before a retry', async (t) => {
  const reason = new Error('the client left')
  const refused = await startFaultServer(silence)
  await refused.close()
  t.intercept(Math, 'random', { value: () => 0.999 })
  const controller = new AbortController()
  const startedAt = performance.now()
  const call = verify(clientOf(refused), controller.signal)
  setTimeout(() => controller.abort(reason), 40)
  await t.rejects(call, reason)
  t.ok(performance.now() - startedAt < 105, 'the pause is 110 ms')
})

t.test('AbortSignal: after it was sent', async (t) => {
  const reason = new Error('the client left')
  const server = await upstream(t, silence)
  const client = clientOf(server)
  const givenUp = new AbortController()
  const verification = verify(client, givenUp.signal)
  await server.arrived(1)
  givenUp.abort(reason)
  t.equal(
    summary(await verification),
    '502 OUTCOME_UNKNOWN',
    'the token may be used: more than an abort has to be told',
  )
  await server.ended(1)

  const other = new AbortController()
  const token = create(client, other.signal)
  await server.arrived(2)
  other.abort(reason)
  await t.rejects(token, reason)

  const failing = await upstream(t, answer(429, {}, ['Retry-After: 3']))
  const waiting = new AbortController()
  const later = create(clientOf(failing), waiting.signal)
  await failing.arrived(1)
  setTimeout(() => waiting.abort(reason), 50)
  await t.rejects(later, reason)
  t.equal(failing.requests.length, 1)
})

t.test('a dispatcher of the user’s: used, never closed, and no verification is retried over it', async (t) => {
  let attempts = 0
  const refusing = new Agent({
    connect: (_, done) => {
      attempts += 1
      done(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), null)
    },
  })
  const server = await upstream(t, wellBehaved)
  const client = clientOf(server, { dispatcher: refusing })
  t.equal(summary(await verify(client)), '503 UPSTREAM_UNAVAILABLE retryable')
  t.equal(attempts, 1)
  t.equal(summary(await create(client)), '503 UPSTREAM_UNAVAILABLE retryable')
  t.equal(attempts, 4)
  await client.close()
  t.notOk(refusing.closed)
  await refusing.close()

  const agent = new Agent()
  t.teardown(() => agent.close())
  const working = clientOf(server, { dispatcher: agent })
  t.equal(summary(await verify(working)), 'ok')
  t.equal(summary(await create(working)), 'ok')
  t.same(
    server.requests.map(({ headers }) => headers.connection),
    ['keep-alive', 'keep-alive'],
  )
  await working.close()
  t.equal(summary(await create(working)), 'ok', 'closing the client leaves the dispatcher open')
})

t.test('a connection that never comes about: never sent, in time', async (t) => {
  const stuck = new Agent({ connect: () => {} })
  t.teardown(() => stuck.destroy())
  const client = clientOf({ origin: 'http://127.0.0.1:1' }, { dispatcher: stuck, timeoutMs: 300 })
  const startedAt = performance.now()
  t.equal(summary(await verify(client)), '503 UPSTREAM_UNAVAILABLE retryable')
  t.equal(summary(await create(client)), '504 UPSTREAM_TIMEOUT retryable')
  t.ok(performance.now() - startedAt < 2 * 300 + 500)
})

t.test('a dispatcher that retries by itself cannot hide that a verification was sent', async (t) => {
  const server = await upstream(t, rawThenReset(''))
  const agent = new Agent()
  const retrying = new RetryAgent(agent, { maxRetries: 1, minTimeout: 10, methods: ['POST'] })
  t.teardown(() => agent.close())
  t.equal(summary(await verify(clientOf(server, { dispatcher: retrying }))), '502 OUTCOME_UNKNOWN')
})

t.test('undici’s MockAgent stands in for Corbado', async (t) => {
  const mock = new MockAgent()
  mock.disableNetConnect()
  t.teardown(() => mock.close())
  const origin = 'https://backendapi.cloud.corbado.io'
  const pool = mock.get(origin)
  pool.intercept({ method: 'POST', path: '/v2/passkey/verifySignedData' }).reply(200, ({ body }) => {
    t.same(JSON.parse(String(body)), login)
    return { verificationResult: 'success' }
  })
  pool.intercept({ method: 'POST', path: '/v2/connectTokens' }).reply(500, {}).times(3)
  pool.intercept({ method: 'POST', path: '/v2/passkey/verifySignedData' }).replyWithError(new Error('no answer'))
  const client = clientOf({ origin }, { dispatcher: mock })
  t.same(await verify(client), { value: { verificationResult: 'success' } })
  t.equal(summary(await create(client)), '502 UPSTREAM_REJECTED')
  t.match(summary(await verify(client)), /OUTCOME_UNKNOWN|UPSTREAM_UNAVAILABLE/)
  mock.assertNoPendingInterceptors()
})

t.test('close: what is under way ends first, then nothing is sent any more', async (t) => {
  let release = (): void => {}
  const server = await upstream(t, (socket, request) => {
    release = () => wellBehaved(socket, request)
  })
  const client = clientOf(server)
  const running = verify(client)
  await server.arrived(1)
  const closing = client.close()
  t.match(summary(await create(client)), '503 UPSTREAM_UNAVAILABLE')
  release()
  t.equal(summary(await running), 'ok')
  await closing
  await server.ended(1)
  t.equal(summary(await verify(client)), '503 UPSTREAM_UNAVAILABLE retryable')
  t.equal(server.requests.length, 1)
})
