import { runInNewContext } from 'node:vm'
import { memoryReplayStore, type ReplayStore } from '@corbado-connect/core'
import t from 'tap'
import { setClock } from './clock.js'
import { outcomeOf, summary } from './corbado-calls.js'
import { connectOver, type FlowOptions } from './flows.js'
import { newContext } from './http-context.js'
import { now, sealed, tokenOf } from './passkey-tokens.js'
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
    t.ok(performance.now() - startedAt < 500, name)
    t.equal(flow.sent.length, 0)
  }
})

t.test('a store that fails to mark: no session, and the token stays reserved', async (t) => {
  for (const markUsed of [() => never, () => Promise.reject(new Error('x'))]) {
    const flow = setUp(() => success, { replayStore: { ...storeOf(memoryReplayStore()), markUsed } })
    const token = tokenOf('jane')
    t.equal(await flow.login(token), '503 STORE_UNAVAILABLE', 'not retryable: the token was accepted')
    t.equal(await flow.login(token), '409 TOKEN_ALREADY_USED')
    t.same(flow.sessions, [])
  }
  const lost = setUp(() => success, { replayStore: { ...storeOf(memoryReplayStore()), markUsed: () => false } })
  t.equal(await lost.login(tokenOf('jane')), '409 TOKEN_ALREADY_USED', 'somebody else holds it by now')
  t.same(lost.sessions, [])
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

  const fraction = sealed('{"alg":"RS256"}', JSON.stringify({ ...flow.claims('joe', at), exp: at + 300.5 }))
  const direct = setUp(() => success)
  clock.now = (at + 360) * 1000 + 900
  t.equal(await direct.login(fraction), 'ok')
  t.equal(await direct.login(fraction), '409 TOKEN_ALREADY_USED')
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
  t.equal(ttlMs, 360_000)
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
