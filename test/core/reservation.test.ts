import { once } from 'node:events'
import { connect } from 'node:net'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { memoryReplayStore, type ReplayStore } from '@corbado-connect/core'
import t from 'tap'
import { setClock } from './clock.js'
import { outcomeOf, summary } from './corbado-calls.js'
import { connectOver, type FlowOptions } from './flows.js'
import { newContext } from './http-context.js'
import { now, tokenOf } from './passkey-tokens.js'
import { type Fate, verdictOf } from './scripted-upstream.js'

const success = verdictOf('success')
const unavailable = '503 STORE_UNAVAILABLE retryable'
const never = new Promise<never>(() => {})

/** A flow over one upstream and one store, and what a login through it comes to. */
function setUp(fate: () => Fate | Promise<Fate>, options: FlowOptions = {}) {
  const flow = connectOver(fate, options)
  const login = async (signedPasskeyData: string): Promise<string> =>
    summary(await outcomeOf(flow.connect.verifyLogin({ signedPasskeyData }, newContext())))
  return { ...flow, login }
}

t.test('one session per token, in sequence and at once', async (t) => {
  const flow = setUp(() => success)
  const token = tokenOf('jane')
  t.equal(await flow.login(token), 'ok')
  t.equal(await flow.login(token), '409 TOKEN_ALREADY_USED')
  t.equal(flow.sent.length, 1)

  const another = tokenOf('joe', { jti: 'another' })
  const outcomes = await Promise.all(Array.from({ length: 100 }, () => flow.login(another)))
  t.equal(outcomes.filter((outcome) => outcome === 'ok').length, 1)
  t.equal(outcomes.filter((outcome) => outcome === '409 TOKEN_ALREADY_USED').length, 99)
  t.equal(flow.sent.length, 2)
  t.same(flow.sessions, ['jane', 'joe'])
})

t.test('a token is known by what was signed: not by its signature, not by its jti', async (t) => {
  const flow = setUp(() => success)
  const token = tokenOf('jane')
  t.equal(await flow.login(token), 'ok')
  t.equal(await flow.login(`${token.slice(0, token.lastIndexOf('.'))}.AAAA`), '409 TOKEN_ALREADY_USED')
  t.equal(await flow.login(tokenOf('joe')), 'ok', 'the same jti in another token')
  t.same(flow.sessions, ['jane', 'joe'])
})

t.test('what gives the token back, and what keeps it', async (t) => {
  const fates: Record<string, [fate: Fate, first: string, second: string]> = {
    unsent: ['unsent', '503 UPSTREAM_UNAVAILABLE retryable', 'ok'],
    invalid_signature: [verdictOf('invalid_signature'), '401 PASSKEY_REJECTED', 'ok'],
    invalid_challenge: [verdictOf('invalid_challenge'), '401 PASSKEY_REJECTED', 'ok'],
    user_mismatch: [verdictOf('user_mismatch'), '401 PASSKEY_REJECTED', 'ok'],
    400: [{ status: 400, body: {} }, '401 PASSKEY_REJECTED', 'ok'],
    401: [{ status: 401, body: {} }, '503 UPSTREAM_UNAVAILABLE', 'ok'],
    403: [{ status: 403, body: {} }, '503 UPSTREAM_UNAVAILABLE', 'ok'],
    404: [{ status: 404, body: {} }, '503 UPSTREAM_UNAVAILABLE', 'ok'],
    429: [{ status: 429, body: {} }, '503 UPSTREAM_BUSY retryable', 'ok'],
    rate_limited: [{ status: 503, body: { error: { type: 'rate_limited' } } }, '503 UPSTREAM_BUSY retryable', 'ok'],
    generic_error: [verdictOf('generic_error'), '502 OUTCOME_UNKNOWN', '409 TOKEN_ALREADY_USED'],
    reset: ['reset', '502 OUTCOME_UNKNOWN', '409 TOKEN_ALREADY_USED'],
    408: [{ status: 408, body: {} }, '502 OUTCOME_UNKNOWN', '409 TOKEN_ALREADY_USED'],
    500: [{ status: 500, body: {} }, '502 OUTCOME_UNKNOWN', '409 TOKEN_ALREADY_USED'],
    503: [{ status: 503, body: {} }, '502 OUTCOME_UNKNOWN', '409 TOKEN_ALREADY_USED'],
    302: [{ status: 302, body: {} }, '502 OUTCOME_UNKNOWN', '409 TOKEN_ALREADY_USED'],
    'no verdict': [{ status: 200, body: {} }, '502 OUTCOME_UNKNOWN', '409 TOKEN_ALREADY_USED'],
    'unknown verdict': [verdictOf('granted'), '502 OUTCOME_UNKNOWN', '409 TOKEN_ALREADY_USED'],
  }
  for (const [name, [fate, first, second]] of Object.entries(fates)) {
    let next = fate
    const flow = setUp(() => next)
    const token = tokenOf('jane')
    t.equal(await flow.login(token), first, name)
    next = success
    t.equal(await flow.login(token), second, `${name}, then again`)
    t.same(flow.sessions, second === 'ok' ? ['jane'] : [], name)
  }
})

t.test('a hook that fails, or finds nobody, keeps the token', async (t) => {
  const failing: Record<string, [FlowOptions, string]> = {
    createSession: [{ createSession: () => Promise.reject(new Error('x')) }, '500 SESSION_FAILED'],
    findUser: [{ findUser: () => Promise.reject(new Error('x')) }, '500 SESSION_FAILED'],
    nobody: [{ findUser: () => null }, '401 PASSKEY_REJECTED'],
    'somebody else': [{ findUser: () => ({ identifier: 'JANE' }) }, '401 PASSKEY_REJECTED'],
  }
  for (const [name, [options, first]] of Object.entries(failing)) {
    const flow = setUp(() => success, options)
    const token = tokenOf('jane')
    t.equal(await flow.login(token), first, name)
    t.equal(await flow.login(token), '409 TOKEN_ALREADY_USED', name)
    t.equal(flow.sent.length, 1)
  }
})

t.test('a store without an answer: refused after 250 ms, nothing was sent', async (t) => {
  const stores: Record<string, Partial<ReplayStore>> = {
    hangs: { reserve: () => never },
    'hangs, with a promise of another kind': { reserve: () => runInNewContext('new Promise(() => {})') },
    rejects: { reserve: () => Promise.reject(new Error('READONLY')) },
    throws: {
      reserve: () => {
        throw new Error('LOADING')
      },
    },
  }
  for (const [name, broken] of Object.entries(stores)) {
    const flow = setUp(() => success, { replayStore: { ...storeOf(memoryReplayStore()), ...broken } })
    const startedAt = performance.now()
    const outcome = await Promise.race([flow.login(tokenOf('jane')), hangs(1000)])
    t.equal(outcome, unavailable, name)
    t.ok(performance.now() - startedAt < 800, name)
    t.equal(flow.sent.length, 0)
  }
})

t.test('a store that cannot mark until the deadline: start again, and the token stays reserved', async (t) => {
  for (const markUsed of [() => never, () => Promise.reject(new Error('x'))]) {
    const flow = setUp(() => success, { replayStore: { ...storeOf(memoryReplayStore()), markUsed } })
    const token = tokenOf('jane')
    const startedAt = performance.now()
    t.equal(await flow.login(token), '502 OUTCOME_UNKNOWN', 'not retryable: the token was accepted')
    const tookMs = performance.now() - startedAt
    t.ok(tookMs > 3000 && tookMs < 6500, `it had the rest of the deadline: ${tookMs} ms`)
    t.equal(await flow.login(token), '409 TOKEN_ALREADY_USED')
    t.same(flow.sessions, [])
  }
  const lost = setUp(() => success, { replayStore: { ...storeOf(memoryReplayStore()), markUsed: () => false } })
  t.equal(await lost.login(tokenOf('jane')), '409 TOKEN_ALREADY_USED', 'somebody else holds it by now')
  t.same(lost.sessions, [])
})

t.test('a mark that is slow, or whose answer is lost, does not cost the login', async (t) => {
  const marks: Record<string, (store: ReplayStore) => ReplayStore['markUsed']> = {
    'answers after a second': (store) => async (key, owner) => {
      await new Promise((resolve) => setTimeout(resolve, 1000))
      return store.markUsed(key, owner)
    },
    'is carried out, and its answer is lost, three times': (store) => {
      let calls = 0
      return async (key, owner) => {
        const marked = await store.markUsed(key, owner)
        calls += 1
        if (calls <= 3) throw new Error('Connection is closed.')
        return marked
      }
    },
  }
  for (const [name, markUsed] of Object.entries(marks)) {
    const store = memoryReplayStore()
    const flow = setUp(() => success, { replayStore: { ...storeOf(store), markUsed: markUsed(store) } })
    const token = tokenOf('jane')
    t.equal(await flow.login(token), 'ok', name)
    t.equal(await flow.login(token), '409 TOKEN_ALREADY_USED', name)
    t.same(flow.sessions, ['jane'], name)
  }
})

t.test('an answer that arrived while the event loop was blocked is not late', async (t) => {
  // A thread of its own: it answers while this one is blocked.
  const echo = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer((socket) => socket.pipe(socket))
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true },
  )
  const [port]: number[] = await once(echo, 'message')
  const socket = connect(port ?? 0, '127.0.0.1')
  t.teardown(async () => {
    socket.destroy()
    await echo.terminate()
  })
  await once(socket, 'connect')
  const store = memoryReplayStore()
  const flow = setUp(() => success, {
    replayStore: {
      ...storeOf(store),
      async reserve(...args) {
        socket.write('x')
        await once(socket, 'data')
        return store.reserve(...args)
      },
    },
  })
  for (const blockedMs of [300, 1000]) {
    const login = flow.login(tokenOf('jane', { jti: String(blockedMs) }))
    // One turn of the event loop: the command is on its way.
    await new Promise(setImmediate)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockedMs)
    t.equal(await login, 'ok', `${blockedMs} ms`)
  }
})

t.test('a release that fails changes no answer', async (t) => {
  for (const release of [() => never, () => Promise.reject(new Error('x'))]) {
    const flow = setUp(() => verdictOf('invalid_signature'), {
      replayStore: { ...storeOf(memoryReplayStore()), release },
    })
    t.equal(await flow.login(tokenOf('jane')), '401 PASSKEY_REJECTED')
  }
})

t.test('a reservation that comes about after its time is given back', async (t) => {
  const store = memoryReplayStore()
  let comeAbout = (): void => {}
  const slowOnce: ReplayStore = {
    ...storeOf(store),
    reserve: (key, owner, ttlMs) =>
      new Promise((resolve) => {
        comeAbout = () => resolve(store.reserve(key, owner, ttlMs))
        if (flow.sent.length > 0) comeAbout()
      }),
  }
  const flow = setUp(() => success, { replayStore: slowOnce })
  const token = tokenOf('jane')
  t.equal(await flow.login(token), unavailable)
  comeAbout()
  await new Promise(setImmediate)
  const again = connectOver(() => success, { replayStore: store })
  t.match(await again.connect.verifyLogin({ signedPasskeyData: token }, newContext()), { user: 'jane' })
})

t.test('a reservation that the store made without our learning of it is released until it is done', async (t) => {
  const faults: Record<string, (store: ReplayStore) => ReplayStore> = {
    'the answer is lost, and so is the first release': (store) => {
      let down = true
      return {
        ...storeOf(store),
        async reserve(...args) {
          const reserved = await store.reserve(...args)
          if (!down) return reserved
          throw new Error('ECONNRESET')
        },
        async release(...args) {
          if (!down) return store.release(...args)
          down = false
          throw new Error('ECONNRESET')
        },
      }
    },
    'the answer is too late, and so is the first release': (store) => {
      let slow = true
      return {
        ...storeOf(store),
        async reserve(...args) {
          const reserved = await store.reserve(...args)
          return slow ? never : reserved
        },
        async release(...args) {
          if (!slow) return store.release(...args)
          slow = false
          return never
        },
      }
    },
  }
  for (const [name, faulty] of Object.entries(faults)) {
    const flow = setUp(() => success, { replayStore: faulty(memoryReplayStore()) })
    const token = tokenOf('jane')
    t.equal(await flow.login(token), unavailable, name)
    await hangs(1600)
    t.equal(await flow.login(token), 'ok', `${name}: the same token works again`)
    await flow.connect.close()
  }
})

t.test('while a store is away, releases cost one command a second, and they end with close', async (t) => {
  let releases = 0
  const away = {
    reserve: () => Promise.reject(new Error('ECONNREFUSED')),
    markUsed: () => false,
    release: () => {
      releases += 1
      return Promise.reject(new Error('ECONNREFUSED'))
    },
  }
  const flow = setUp(() => success, { replayStore: away })
  await Promise.all(Array.from({ length: 100 }, (_, index) => flow.login(tokenOf('jane', { jti: `jti-${index}` }))))
  t.equal(releases, 1)
  await hangs(1200)
  t.equal(releases, 2)
  await flow.connect.close()
  await hangs(1200)
  t.equal(releases, 2)
})

t.test('while a store is away, one error a minute carries the cause', async (t) => {
  const away = { reserve: () => Promise.reject(new Error('ECONNREFUSED')), markUsed: () => false, release: () => {} }
  const { connect } = setUp(() => success, { replayStore: away })
  const causes: unknown[] = []
  const printed: number[] = []
  for (let index = 0; index < 5; index += 1) {
    const login = connect.verifyLogin({ signedPasskeyData: tokenOf('jane') }, newContext())
    await t.rejects(login, { code: 'CORBADO_STORE_UNAVAILABLE', reason: 'replay_store', retryAfterSeconds: 1 })
    const error: Error | undefined = await login.then(
      () => undefined,
      (reason: Error) => reason,
    )
    causes.push(error?.cause)
    printed.push(inspect(error).length)
  }
  t.ok(
    printed.slice(1).every((length) => length < 500),
    `characters in the log: ${printed}`,
  )
  t.match(causes[0], { message: /refused since it last answered: 1/, cause: { message: 'ECONNREFUSED' } })
  t.same(causes.slice(1), [undefined, undefined, undefined, undefined])
})

t.test('a login that is held up past the end of its token is still one login', async (t) => {
  const at = now()
  const clock = setClock(t, at * 1000)
  const waiting: (() => void)[] = []
  const flow = setUp(() => success, {
    expectedIdentifier: ({ webauthnId }) => new Promise((resolve) => waiting.push(() => resolve(webauthnId))),
  })
  const token = tokenOf('jane')
  clock.now = (at + 359) * 1000
  const logins = [flow.login(token), flow.login(token)]
  clock.now = (at + 361) * 1000
  for (const go of waiting) go()
  t.same((await Promise.all(logins)).toSorted(), ['409 TOKEN_ALREADY_USED', 'ok'])
  t.equal(flow.sent.length, 1)
})

t.test('no clock of an instance enters the time of a reservation', async (t) => {
  const at = now()
  const clock = setClock(t, at * 1000)
  const ttls: number[] = []
  const store = memoryReplayStore()
  const flow = setUp(() => success, {
    replayStore: {
      ...storeOf(store),
      reserve: (key, owner, ttlMs) => ttls.push(ttlMs) > 0 && store.reserve(key, owner, ttlMs),
    },
  })
  // Five instances whose clocks differ: the reservation outlives the moment at which the last of them refuses the token.
  for (const skew of [-60, -30, 0, 200, 359]) {
    clock.now = (at + skew) * 1000
    await flow.login(tokenOf('jane', { iat: at, nbf: at - 10, exp: at + 300, jti: String(skew) }))
  }
  t.same(ttls, Array(5).fill(480_000))
  for (const [lifetime, ttlMs] of [
    [1, 181_000],
    [420, 600_000],
  ] as const) {
    clock.now = at * 1000
    await flow.login(tokenOf('jane', { iat: at, nbf: at, exp: at + lifetime }))
    t.equal(ttls.at(-1), ttlMs)
  }
})

t.test('the reservation lasts as long as the token could pass, and its key holds nothing of the token', async (t) => {
  const at = now()
  setClock(t, at * 1000)
  const calls: unknown[][] = []
  const flow = setUp(() => success, {
    replayStore: { ...storeOf(memoryReplayStore()), reserve: (...args) => calls.push(args) > 0 },
  })
  const token = tokenOf('jane')
  await flow.login(token)
  await flow.login(token)
  const [[key, owner, ttlMs] = [], [sameKey, otherOwner] = []] = calls
  t.match(key, /^[A-Za-z0-9_-]{43}$/)
  t.equal(key, sameKey)
  t.not(owner, otherOwner, 'every login is an owner of its own')
  t.equal(ttlMs, 480_000)
})

/** The methods of a store as a plain object, to replace some of them. */
function storeOf(store: ReplayStore): ReplayStore {
  return {
    reserve: (key, owner, ttlMs) => store.reserve(key, owner, ttlMs),
    markUsed: (key, owner) => store.markUsed(key, owner),
    release: (key, owner) => store.release(key, owner),
  }
}

const hangs = (ms: number): Promise<string> => new Promise((resolve) => setTimeout(() => resolve('hangs'), ms))
