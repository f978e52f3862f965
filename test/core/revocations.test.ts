import assert from 'node:assert/strict'
import {
  accessTokenSession,
  browserOrNative,
  cookieSession,
  isCorbadoError,
  memoryRevocations,
  type ReadyMadeStrategy,
  type Revocations,
  type SessionLogin,
} from '@corbado-connect/core'
import fc from 'fast-check'
import { decodeJwt, SignJWT } from 'jose'
import t from 'tap'
import { setClock } from './clock.js'
import { newContext } from './http-context.js'

const secret = 'a secret of 32 bytes, or of more'
const projectId = 'pro-1'
type User = { readonly identifier: string }
const jane: User = { identifier: 'jane' }
const findUser = async (identifier: string): Promise<User | null> => ({ identifier })

function loginOf(identifier: string, passkeyId?: string): SessionLogin<User> {
  if (passkeyId === undefined) return { user: { identifier }, by: 'app' }
  const claims = { iss: projectId, exp: 0, nbf: 0, iat: 0, jti: 'j', webauthnId: identifier, credential: passkeyId }
  return { user: { identifier }, by: 'passkey', claims }
}

const bearer = (token: string) => newContext({ authorization: `Bearer ${token}` })

async function signIn(session: ReadyMadeStrategy<User>, login: SessionLogin<User>): Promise<string> {
  return (await session.createSession(login, newContext())).accessToken ?? ''
}

async function isValid(session: ReadyMadeStrategy<User>, token: string): Promise<boolean> {
  return (await session.getUser(bearer(token), findUser)) !== null
}

async function endSessions(session: ReadyMadeStrategy<User>, identifier: string, passkeyId?: string): Promise<void> {
  assert(session.endSessions !== undefined)
  await session.endSessions({ user: { identifier }, passkeyId, projectId })
}

/** Sets what `performance.now()` returns beside `Date.now()`: entries expire by the former, sessions by the latter. */
function setClocks(restoreLater: { teardown(restore: () => void): unknown }, startMs: number) {
  const clock = setClock(restoreLater, startMs)
  const real = performance.now
  performance.now = () => clock.now - startMs
  restoreLater.teardown(() => {
    performance.now = real
  })
  return clock
}

/** A store that notes how it was used. */
function recorded(store: Revocations) {
  const puts: { key: string; value: string; ttlMs: number }[] = []
  const reads: (readonly string[])[] = []
  const recording: Revocations = {
    async put(key, value, ttlMs) {
      puts.push({ key, value, ttlMs })
      await store.put(key, value, ttlMs)
    },
    async getMany(keys) {
      reads.push(keys)
      return store.getMany(keys)
    },
  }
  return { store: recording, puts, reads }
}

const people = ['jane', 'joe'] as const
const passkeys = ['cre-1', 'cre-2'] as const

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('sign in' as const), who: fc.nat(1), passkey: fc.option(fc.nat(1)) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end all' as const), who: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end passkey' as const), who: fc.nat(1), passkey: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sign out' as const), session: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew' as const), session: fc.nat(30) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(0.3, 5, 400, 800) }) },
)

t.test('any sequence, on instances whose clocks differ, ends exactly the sessions that it should', async (t) => {
  // Long enough to outlive entries: a session lasts at most 1000 seconds, an entry a little longer.
  const clock = setClocks(t, 1_800_000_000_000)
  const skewsMs = [0, -40_000, 40_000]
  const instance = fc.nat(skewsMs.length - 1)
  let ended = 0
  let survived = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, instance), { maxLength: 40 }), async (steps) => {
      const store = memoryRevocations()
      const instances = skewsMs.map(() =>
        accessTokenSession({ secret, ttlSeconds: 900, maxSessionSeconds: 1000, revocations: store }),
      )
      /** Every session that began: its tokens, and whether it was ended. */
      const model: { who: string; passkey: string | undefined; startedMs: number; tokens: string[]; ended: boolean }[] =
        []
      const endedPasskeys = new Map<string, number>()
      /** Runs on one instance, by its own clock. */
      const on = async <Result>(index: number, run: (session: ReadyMadeStrategy<User>) => Promise<Result>) => {
        const session = instances[index]
        const skewMs = skewsMs[index]
        assert(session !== undefined && skewMs !== undefined)
        const { now } = clock
        // Only the wall clock is wrong.
        const monotonic = performance.now
        performance.now = () => now - 1_800_000_000_000
        clock.now += skewMs
        try {
          return await run(session)
        } finally {
          clock.now = now
          performance.now = monotonic
        }
      }
      for (const [step, index] of steps) {
        if (step.do === 'wait') clock.now += step.seconds * 1000
        if (step.do === 'sign in') {
          const who = people[step.who] ?? ''
          const passkey = step.passkey === null ? undefined : passkeys[step.passkey]
          const token = await on(index, (session) => signIn(session, loginOf(who, passkey))).catch((error: unknown) => {
            assert(isCorbadoError(error) && error.reason === 'passkey_revoked')
            assert(endedPasskeys.has(`${who} ${passkey}`), 'only a passkey whose sessions were ended is refused')
            return null
          })
          if (token !== null) model.push({ who, passkey, startedMs: clock.now, tokens: [token], ended: false })
        }
        if (step.do === 'end all') {
          const who = people[step.who] ?? ''
          await on(index, (session) => endSessions(session, who))
          for (const session of model) if (session.who === who) session.ended = true
        }
        if (step.do === 'end passkey') {
          const who = people[step.who] ?? ''
          const passkey = passkeys[step.passkey] ?? ''
          await on(index, (session) => endSessions(session, who, passkey))
          endedPasskeys.set(`${who} ${passkey}`, clock.now)
          for (const session of model) if (session.who === who && session.passkey === passkey) session.ended = true
        }
        if (step.do === 'sign out' || step.do === 'renew') {
          const chosen = model[step.session % Math.max(1, model.length)]
          const token = chosen?.tokens.at(-1)
          if (chosen === undefined || token === undefined) continue
          if (step.do === 'sign out') {
            const exp = decodeJwt(token).exp ?? 0
            await on(index, (session) => session.destroySession(bearer(token)))
            // An expired token says nothing about its session any more.
            if (exp > Math.floor((clock.now + (skewsMs[index] ?? 0)) / 1000)) chosen.ended = true
          } else {
            const answer = await on(index, (session) => session.renewSession(bearer(token), findUser))
            assert(answer === null || !chosen.ended, 'an ended session is not renewed')
            if (answer?.accessToken !== undefined) chosen.tokens.push(answer.accessToken)
          }
        }
        for (const { tokens, ended: isEnded, startedMs } of model) {
          for (const token of tokens) {
            for (const reader of skewsMs.keys()) {
              const valid = await on(reader, (session) => isValid(session, token))
              // Near its expiry, the clocks of instances disagree.
              const expiresMs = (decodeJwt(token).exp ?? 0) * 1000
              if (isEnded) assert.equal(valid, false, 'no ended session survives')
              else if (clock.now + 41_000 < Math.min(expiresMs, startedMs + 960_000)) {
                assert.equal(valid, true, 'no other session is lost')
              }
              if (isEnded) ended += 1
              else if (valid) survived += 1
            }
          }
        }
      }
    }),
    { numRuns: 150 },
  )
  t.ok(ended > 200 && survived > 200, `${ended} ended, ${survived} alive`)
})

t.test('a login that overlaps with endSessions: one before it never survives, one after it always does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom('sign in', 'end'), { maxLength: 8 }),
      async (s, actions) => {
        const memory = memoryRevocations()
        const session = accessTokenSession({
          secret,
          revocations: {
            async put(key, value, ttlMs) {
              await s.schedule(Promise.resolve(), 'put arrives')
              memory.put(key, value, ttlMs)
              await s.schedule(Promise.resolve(), 'put answers')
            },
            async getMany(keys) {
              await s.schedule(Promise.resolve(), 'getMany arrives')
              const values = await memory.getMany(keys)
              await s.schedule(Promise.resolve(), 'getMany answers')
              return values
            },
          },
        })
        let time = 0
        const logins: { from: number; to: number; token: string }[] = []
        const ends: { from: number; to: number }[] = []
        const running = actions.map(async (action) => {
          await s.schedule(Promise.resolve(), action)
          const from = time++
          if (action === 'sign in') logins.push({ token: await signIn(session, loginOf('jane')), from, to: time++ })
          else {
            await endSessions(session, 'jane')
            ends.push({ from, to: time++ })
          }
        })
        await s.waitFor(Promise.all(running))
        for (const { token, from, to } of logins) {
          const valid = await s.waitFor(isValid(session, token))
          if (ends.some((end) => to < end.from)) assert.equal(valid, false, 'it began and was answered before')
          if (ends.every((end) => end.to < from)) assert.equal(valid, true, 'it began afterwards')
        }
      },
    ),
    { numRuns: 300 },
  )
})

t.test('one read for each request, one for each login; the store learns no identifier', async (t) => {
  const { store, puts, reads } = recorded(memoryRevocations())
  const session = accessTokenSession({ secret, maxSessionSeconds: 7200, revocations: store })
  const token = await signIn(session, loginOf('jane@example.com', 'cre-7'))
  t.equal(reads.length, 1, 'a login')
  const context = bearer(token)
  t.match(await session.getUser(context, findUser), { identifier: 'jane@example.com' })
  t.match(await session.describeSession(context), { by: 'passkey', passkeyId: 'cre-7' })
  t.equal(reads.length, 2, 'a request, described as well')
  await session.destroySession(context)
  t.equal(await session.describeSession(context), null, 'ended, also for the rest of this request')
  await endSessions(session, 'jane@example.com', 'cre-7')
  await endSessions(session, 'jane@example.com')
  t.equal(puts.length, 3)
  const written = JSON.stringify([puts, reads])
  for (const part of ['jane', 'example', 'cre-7', String(decodeJwt(token).jti)]) t.notMatch(written, part)
  for (const { key, value, ttlMs } of puts) {
    t.match(key, /^\{[\w-]{43}\}:(user|session:[\w-]{43}|passkey:[\w-]{43})$/)
    t.match(value, /^[\w-]+$/)
    t.equal(ttlMs, (7200 + 120) * 1000)
  }
  const tags = new Set([...puts.map(({ key }) => key), ...reads.flat()].map((key) => key.slice(0, 45)))
  t.equal(tags.size, 1, 'all keys of a user are on one node of a cluster')
})

t.test('keys of different users, projects and kinds never meet', async (t) => {
  const { store, puts } = recorded(memoryRevocations())
  const session = accessTokenSession({ secret, revocations: store })
  assert(session.endSessions !== undefined)
  const names = ['a', 'b', 'a:user', 'a","b', '["a"]', 'user', 'a:passkey:b']
  for (const project of ['pro-1', 'pro-2', 'pro-1","a']) {
    for (const identifier of names) {
      for (const passkeyId of [undefined, ...names]) {
        await session.endSessions({ user: { identifier }, passkeyId, projectId: project })
      }
    }
  }
  t.equal(new Set(puts.map(({ key }) => key)).size, puts.length)
  t.equal(puts.length, 3 * names.length * (names.length + 1))
})

t.test('another project, and another user, keep their sessions', async (t) => {
  const revocations = memoryRevocations()
  const session = accessTokenSession({ secret, revocations })
  const elsewhere = newContext({}, {}, 'pro-2')
  const other = (await session.createSession(loginOf('jane', 'cre-1'), elsewhere)).accessToken ?? ''
  const joes = await signIn(session, loginOf('joe', 'cre-1'))
  await endSessions(session, 'jane')
  await endSessions(session, 'jane', 'cre-1')
  t.ok(await session.getUser(newContext({ authorization: `Bearer ${other}` }, {}, 'pro-2'), findUser))
  t.ok(await isValid(session, joes), 'the passkey entry belongs to its user')
})

t.test('entries outlive the longest session of all strategies that share a store', async (t) => {
  const { store, puts } = recorded(memoryRevocations())
  const short = accessTokenSession({ secret, maxSessionSeconds: 3600, revocations: store })
  cookieSession<User>({ secret, maxSessionSeconds: 90_000, revocations: store })
  accessTokenSession({ secret, maxSessionSeconds: 7200, revocations: store })
  await endSessions(short, 'jane')
  t.match(puts, [{ ttlMs: (90_000 + 120) * 1000 }])
})

t.test('sessions from before the option was set end too; without it, an epoch means nothing', async (t) => {
  const before = accessTokenSession<User>({ secret })
  t.equal(before.endSessions, undefined)
  const session = accessTokenSession({ secret, revocations: memoryRevocations() })
  const old = await signIn(before, loginOf('jane'))
  t.ok(await isValid(session, old))
  await endSessions(session, 'jane')
  t.notOk(await isValid(session, old))
  const next = await signIn(session, loginOf('jane'))
  t.match(decodeJwt(next).epoch, /^[\w-]{16}$/)
  t.ok(await isValid(before, next))
  const withEpoch = (epoch: unknown) =>
    new SignJWT({ ...decodeJwt(next), epoch })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: 'k' })
      .sign(Buffer.from(secret))
  const byKid = accessTokenSession<User>({ keys: [{ kid: 'k', secret }] })
  t.ok(await isValid(byKid, await withEpoch('7')))
  t.notOk(await isValid(byKid, await withEpoch(7)))
})

t.test('keys rotate without reviving a session', async (t) => {
  const revocations = memoryRevocations()
  const [first, second] = [
    { kid: '1', secret },
    { kid: '2', secret: `${secret} too` },
  ]
  const before = accessTokenSession<User>({ keys: [first], revocations })
  const after = accessTokenSession<User>({ keys: [second, first], revocations })
  const signedOut = await signIn(before, loginOf('jane'))
  const kept = await signIn(before, loginOf('joe'))
  const ended = await signIn(before, loginOf('jim'))
  await before.destroySession(bearer(signedOut))
  await endSessions(before, 'jim')
  t.strictSame(
    [await isValid(after, signedOut), await isValid(after, kept), await isValid(after, ended)],
    [false, true, false],
  )
  const renewed = (await after.renewSession(bearer(kept), findUser))?.accessToken ?? ''
  await endSessions(after, 'joe')
  t.notOk(await isValid(before, renewed))
})

t.test('browserOrNative ends both kinds, and what a browser shows besides its cookie', async (t) => {
  const revocations = memoryRevocations()
  const browser = cookieSession<User>({ secret, revocations })
  const native = accessTokenSession<User>({ secret, revocations })
  t.throws(
    () => browserOrNative({ browser, native: accessTokenSession<User>({ secret }) }),
    /browserOrNative.*revocations/,
  )
  t.throws(() => browserOrNative({ browser: cookieSession<User>({ secret }), native }), /browserOrNative.*revocations/)
  t.equal(
    browserOrNative({ browser: cookieSession<User>({ secret }), native: accessTokenSession<User>({ secret }) })
      .endSessions,
    undefined,
  )
  const session = browserOrNative({ browser, native })
  const site = { 'sec-fetch-site': 'same-origin' }
  const cookies = async () => {
    const context = newContext(site)
    await session.createSession(loginOf('jane'), context)
    const [{ name, value } = { name: '', value: '' }] = context.http.setCookies
    return { [name]: value }
  }
  const isCookieValid = async (cookie: Record<string, string>) =>
    (await session.getUser(newContext(site, cookie), findUser)) !== null

  const cookie = await cookies()
  const token = await signIn(session, loginOf('jane'))
  t.ok((await isCookieValid(cookie)) && (await isValid(session, token)))
  const both = newContext({ ...site, authorization: `Bearer ${token}` }, cookie)
  await session.destroySession(both)
  t.notOk((await isCookieValid(cookie)) || (await isValid(session, token)), 'signed out of both')

  const [again, token2] = [await cookies(), await signIn(session, loginOf('jane'))]
  await endSessions(session, 'jane')
  t.notOk((await isCookieValid(again)) || (await isValid(session, token2)))
  t.ok(await isCookieValid(await cookies()))
  t.ok(await isValid(session, await signIn(session, loginOf('jane'))))
})

t.test('a store that fails, is slow or answers nonsense refuses the request', async (t) => {
  const faults: Record<string, Partial<Revocations>> = {
    'throws at once': {
      getMany() {
        throw new Error('down')
      },
    },
    rejects: { getMany: () => Promise.reject(new Error('down')) },
    'too few values': { getMany: () => [null] },
    'is silent': { getMany: () => new Promise(() => {}) },
  }
  const memory = memoryRevocations()
  const token = await signIn(accessTokenSession({ secret, revocations: memory }), loginOf('jane', 'cre-1'))
  const unavailable = {
    code: 'CORBADO_STORE_UNAVAILABLE',
    statusCode: 503,
    retryable: true,
    reason: 'revocations_store',
  }
  for (const [name, fault] of Object.entries(faults)) {
    const session = accessTokenSession({ secret, revocations: { put() {}, getMany: () => [], ...fault } })
    const startedAt = performance.now()
    await t.rejects(isValid(session, token), unavailable, name)
    await t.rejects(signIn(session, loginOf('jane', 'cre-1')), unavailable, `${name}: login`)
    t.ok(performance.now() - startedAt < 1500, name)
  }
  const mute = accessTokenSession({
    secret,
    revocations: { put: () => new Promise(() => {}), getMany: () => [null, null, null] },
  })
  await t.rejects(mute.destroySession(bearer(token)), unavailable)
  await t.rejects(endSessions(mute, 'jane'), unavailable)
  const cookie = cookieSession<User>({
    secret,
    revocations: { put: () => Promise.reject(new Error()), getMany: () => [null] },
  })
  const context = newContext()
  await cookie.createSession(loginOf('jane'), context)
  const [{ name, value } = { name: '', value: '' }] = context.http.setCookies
  const leaving = newContext({}, { [name]: value })
  await t.rejects(cookie.destroySession(leaving), unavailable)
  t.strictSame(leaving.http.setCookies, [], 'the cookie stays, so that signing out can be repeated')
})

t.test('wrong stores are named', async (t) => {
  const wrong: unknown[] = [null, 'redis', {}, { put() {} }, { getMany() {} }]
  for (const revocations of wrong) {
    const options = { secret }
    Reflect.set(options, 'revocations', revocations)
    t.throws(() => accessTokenSession(options), { name: 'TypeError', message: /accessTokenSession: `revocations/ })
  }
  for (const maxEntries of [0, 1.5, '9'])
    t.throws(() => memoryRevocations(Object({ maxEntries })), { message: /memoryRevocations: `maxEntries` must be/ })
  t.throws(() => memoryRevocations(Object({ max: 1 })), /unknown option "max"/)
})

t.test('the memory store: bounded, drops nothing that is alive, frees what has expired, never shortens', async (t) => {
  const clock = setClocks(t, 1_800_000_000_000)
  const store = memoryRevocations({ maxEntries: 3 })
  const full = { code: 'CORBADO_STORE_UNAVAILABLE', reason: 'revocations_store_full', retryAfterSeconds: 10 }
  store.put('a', '1', 60_000)
  store.put('b', '2', 120_000)
  store.put('c', '3', 120_000)
  t.throws(() => store.put('d', '4', 1000), full)
  store.put('b', '5', 1000)
  t.strictSame(await store.getMany(['b', 'd', 'a', 'c', '__proto__']), ['5', null, '1', '3', null])
  clock.now += 59_999
  t.strictSame(await store.getMany(['a', 'b']), ['1', '5'], 'b keeps its longer life')
  clock.now += 1
  t.strictSame(await store.getMany(['a', 'b', 'c']), [null, '5', '3'])
  store.put('d', '4', 1000)
  t.throws(() => store.put('e', '6', 1000), full)
  clock.now += 60_000
  t.strictSame(await store.getMany(['b', 'c', 'd']), [null, null, null])
  for (const key of ['f', 'g', 'h']) store.put(key, '7', 1000)
  t.strictSame(await store.getMany(['f', 'g', 'h']), ['7', '7', '7'])

  const session = accessTokenSession({ secret, revocations: memoryRevocations({ maxEntries: 1 }) })
  await endSessions(session, jane.identifier)
  await t.rejects(endSessions(session, 'joe'), full, 'a full store refuses, and is told apart from a failing one')
})
