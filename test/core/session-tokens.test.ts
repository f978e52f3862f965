import {
  type AccessTokenSessionOptions,
  accessTokenSession,
  browserOrNative,
  cookieSession,
  type PasskeyLogin,
  type ReadyMadeStrategy,
  type SessionLogin,
} from '@corbado-connect/core'
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from 'jose'
import t from 'tap'
import { setClock } from './clock.js'
import { newContext } from './http-context.js'

const secret = 'a secret of 32 bytes, or of more'
const otherSecret = 'another secret, of 32 bytes or more'
const jane = { identifier: 'jane', displayName: 'Jane', password: 'canary' }
type Login = SessionLogin<typeof jane>
const login: Login = { user: jane, by: 'app' }
const passkeyLogin: PasskeyLogin<typeof jane> = {
  user: jane,
  by: 'passkey',
  claims: { iss: 'pro-1', exp: 0, nbf: 0, iat: 0, jti: 'j', webauthnId: 'jane', credential: 'cre-1' },
}
const users = new Map([['jane', jane]])
const findUser = async (identifier: string): Promise<typeof jane | null> => users.get(identifier) ?? null
const sessionCookie = '__Host-corbado_connect_session'

type Strategy = ReadyMadeStrategy<typeof jane>

/** The two kinds alike: make a token, and show it again. */
const kinds = {
  cookieSession: {
    make: (options: AccessTokenSessionOptions<typeof jane>): Strategy => cookieSession(options),
    typ: 'corbado-connect-session+jwt',
    aud: `corbado-connect:cookie:${sessionCookie}:pro-1`,
    ttl: 3600,
    async tokenOf(strategy: Strategy, how: Login = login): Promise<string> {
      const context = newContext()
      await strategy.createSession(how, context)
      return context.http.setCookies[0]?.value ?? ''
    },
    show: (strategy: Strategy, token: string) => strategy.getUser(newContext({}, { [sessionCookie]: token }), findUser),
  },
  accessTokenSession: {
    make: (options: AccessTokenSessionOptions<typeof jane>): Strategy => accessTokenSession(options),
    typ: 'at+jwt',
    aud: 'corbado-connect:access-token:pro-1',
    ttl: 900,
    async tokenOf(strategy: Strategy, how: Login = login): Promise<string> {
      return (await strategy.createSession(how, newContext())).accessToken ?? ''
    },
    show: (strategy: Strategy, token: string) =>
      strategy.getUser(newContext({ authorization: `Bearer ${token}` }), findUser),
  },
}

for (const [name, kind] of Object.entries(kinds)) {
  t.test(name, async (t) => {
    const strategy = kind.make({ secret })
    const resigned = (claims: JWTPayload, header: object = {}, key = secret): Promise<string> =>
      new SignJWT(claims)
        .setProtectedHeader({ ...decodeProtectedHeader(token), ...header, alg: 'HS256' })
        .sign(Buffer.from(key))
    const token = await kind.tokenOf(strategy)
    const claims = decodeJwt(token)

    t.test('exactly the documented claims', async (t) => {
      t.same(Object.keys(claims).toSorted(), ['amr', 'aud', 'auth_time', 'exp', 'iat', 'iss', 'jti', 'sub'])
      t.match(claims, { sub: 'jane', iss: 'corbado-connect', aud: kind.aud, auth_time: claims.iat, amr: ['app'] })
      t.equal((claims.exp ?? 0) - (claims.iat ?? 0), kind.ttl)
      const { kid, ...header } = decodeProtectedHeader(token)
      t.same(header, { alg: 'HS256', typ: kind.typ })
      t.match(kid, /^[\w-]{11}$/)
      t.not(decodeJwt(await kind.tokenOf(strategy)).jti, claims.jti, 'every token has a jti of its own')
      t.equal(await kind.show(strategy, token), jane)
    })

    t.test('extra claims, explicit ones only; the reserved ones cannot be replaced', async (t) => {
      const extra = kind.make({
        secret,
        claims: ({ displayName }) => ({ displayName }),
        ttlSeconds: 60,
        issuer: 'shop',
      })
      const richer = decodeJwt(await kind.tokenOf(extra))
      t.same(Object.keys(richer).toSorted(), [
        'amr',
        'aud',
        'auth_time',
        'displayName',
        'exp',
        'iat',
        'iss',
        'jti',
        'sub',
      ])
      t.match(richer, { displayName: 'Jane', iss: 'shop' })
      t.equal((richer.exp ?? 0) - (richer.iat ?? 0), 60)
      for (const reserved of ['sub', 'iat', 'exp', 'jti', 'iss', 'aud', 'nbf', 'auth_time', 'amr', 'cre', 'epoch']) {
        const greedy = kind.make({ secret, claims: () => ({ [reserved]: 'mallory' }) })
        await t.rejects(kind.tokenOf(greedy), { name: 'TypeError', message: new RegExp(`claims.*"${reserved}"`) })
      }
    })

    t.test('what is not a token of this strategy is nobody', async (t) => {
      const foreign: Record<string, string> = {
        'another secret': await kind.tokenOf(kind.make({ secret: otherSecret })),
        'another secret under the same kid': await resigned(claims, {}, otherSecret),
        'another issuer': await kind.tokenOf(kind.make({ secret, issuer: 'elsewhere' })),
        'another project': await resigned({ ...claims, aud: kind.aud.replace('pro-1', 'pro-2') }),
        'no project': await resigned({ ...claims, aud: kind.aud.replace(':pro-1', '') }),
        'an unknown way to sign in': await resigned({ ...claims, amr: ['pwd'] }),
        'two ways to sign in': await resigned({ ...claims, amr: ['passkey', 'app'] }),
        'a string for the time of sign-in': await resigned({ ...claims, auth_time: `${claims.iat}` }),
        'a number for the passkey': await resigned({ ...claims, cre: 7 }),
        'another audience': await resigned({ ...claims, aud: 'elsewhere' }),
        'another typ': await resigned(claims, { typ: 'JWT' }),
        'no typ': await resigned(claims, { typ: undefined }),
        'no kid': await resigned(claims, { kid: undefined }),
        'unknown kid': await resigned(claims, { kid: 'unknown' }),
        'no signature': `${token.slice(0, token.lastIndexOf('.'))}.`,
        'alg none': `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`,
        garbage: 'garbage',
        empty: '',
      }
      for (const missing of ['sub', 'iat', 'exp', 'jti', 'iss', 'aud', 'auth_time', 'amr']) {
        foreign[`no ${missing}`] = await resigned({ ...claims, [missing]: undefined })
      }
      for (const [what, text] of Object.entries(foreign)) t.equal(await kind.show(strategy, text), null, what)
      t.equal(await kind.show(strategy, await resigned(claims)), jane, 'the same, made well')
      t.equal(await strategy.getUser(newContext(), findUser), null)
    })

    t.test('expires; a user who is gone is out at once', async (t) => {
      users.delete('jane')
      t.equal(await kind.show(strategy, token), null)
      users.set('jane', jane)
      const second = Math.floor(Date.now() / 1000)
      const ending = (exp: number): Promise<string> => resigned({ ...claims, iat: second - 100, exp })
      t.equal(await kind.show(strategy, await ending(second + 30)), jane)
      for (const ago of [0, 1, 59, 3600])
        t.equal(await kind.show(strategy, await ending(second - ago)), null, `${ago} s ago`)
    })

    t.test('rotation: signs with the first key, verifies with all, by kid', async (t) => {
      const [first, second, third] = ['1', '2', '3'].map((kid) => ({ kid, secret: `${secret}, number ${kid}` }))
      if (first === undefined || second === undefined || third === undefined) throw new Error('three keys')
      const before = kind.make({ keys: [first, second] })
      const during = kind.make({ keys: [second, third, first] })
      const after = kind.make({ keys: [third, second] })
      const old = await kind.tokenOf(before)
      t.equal(decodeProtectedHeader(old).kid, '1')
      t.equal(await kind.show(during, old), jane)
      t.equal(await kind.show(after, old), null)
      t.equal(await kind.show(after, await kind.tokenOf(during)), jane)
      const unnamed = kind.make({ keys: [otherSecret, secret] })
      t.equal(await kind.show(unnamed, token), jane, 'a plain secret turned into the second of the keys')
      const bytes = kind.make({ secret: new Uint8Array(Buffer.from(secret)) })
      t.equal(await kind.show(bytes, token), jane, 'text or bytes, the same secret')
    })

    t.test('isRevoked ends a session before its time', async (t) => {
      const revoked = new Set<string>()
      const guarded = kind.make({ secret, isRevoked: async ({ jti }) => revoked.has(jti) })
      t.equal(await kind.show(guarded, token), jane)
      revoked.add(String(claims.jti))
      t.equal(await kind.show(guarded, token), null)
      const failing = kind.make({ secret, isRevoked: () => Promise.reject(new Error('the list is down')) })
      await t.rejects(kind.show(failing, token), { message: 'the list is down' }, 'not let in unasked')
    })

    t.test('wrong options are refused by name, and no message holds a secret', async (t) => {
      const wrong: [RegExp, object][] = [
        [/`secret` and `keys`/, {}],
        [/`secret` and `keys`/, { secret: undefined }],
        [/`secret` and `keys`/, { secret, keys: [secret] }],
        [/`secret` must have at least 32 bytes/, { secret: secret.slice(0, 31) }],
        [/`secret` must have at least 32/, { secret: '' }],
        [/`secret` must be a string/, { secret: 1 }],
        [/`keys` must contain at least one/, { keys: [] }],
        [/`keys` must be an array/, { keys: secret }],
        [/`keys` must have at least 32 bytes/, { keys: [secret, 'short'] }],
        [/`keys.kid` must/, { keys: [{ kid: '', secret }] }],
        [/different `kid` for every key/, { keys: [secret, secret] }],
        [/ttlSeconds/, { secret, ttlSeconds: 0 }],
        [/ttlSeconds/, { secret, ttlSeconds: '900' }],
        [/ttlSeconds/, { secret, ttlSeconds: null }],
        [/maxSessionSeconds/, { secret, ttlSeconds: 60, maxSessionSeconds: 59 }],
        [/maxSessionSeconds/, { secret, maxSessionSeconds: null }],
        [/issuer/, { secret, issuer: '' }],
        [/claims/, { secret, claims: {} }],
        [/isRevoked/, { secret, isRevoked: true }],
        [/"secrets"/, { secrets: [secret] }],
      ]
      for (const [named, options] of wrong) {
        const attempt = (): unknown => Reflect.apply(kind.make, undefined, [options])
        t.throws(attempt, { name: 'TypeError', message: named }, String(named))
        t.throws(attempt, { message: new RegExp(`^${name}`) })
        try {
          attempt()
        } catch (error) {
          t.notOk(String(error).includes(secret.slice(0, 31)), String(error))
        }
      }
    })
  })
}

t.test('one kind never passes for the other', async (t) => {
  const [cookie, bearer] = [cookieSession({ secret }), accessTokenSession({ secret })]
  t.equal(await kinds.accessTokenSession.show(bearer, await kinds.cookieSession.tokenOf(cookie)), null)
  t.equal(await kinds.cookieSession.show(cookie, await kinds.accessTokenSession.tokenOf(bearer)), null)
})

t.test('the cookie and its attributes', async (t) => {
  const context = newContext()
  t.same(await cookieSession({ secret }).createSession(login, context), { success: true })
  const [cookie] = context.http.setCookies
  t.equal(cookie?.name, sessionCookie)
  const attributes = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' }
  t.same(cookie?.attributes, { ...attributes, maxAge: 3600 })
  const leaving = newContext()
  await cookieSession({ secret }).destroySession(leaving)
  t.same(leaving.http.setCookies, [{ name: sessionCookie, value: '', attributes: { ...attributes, maxAge: 0 } }])

  const { env } = process
  t.intercept(process, 'env', { value: { ...env, NODE_ENV: 'test' } })
  const development = newContext()
  await cookieSession({ secret, insecureCookie: true, cookieName: 'shop', sameSite: 'strict' }).createSession(
    login,
    development,
  )
  t.match(development.http.setCookies, [
    { name: 'shop', attributes: { secure: false, httpOnly: true, sameSite: 'strict' } },
  ])
  for (const NODE_ENV of ['production', 'staging', 'Development', '', undefined]) {
    t.intercept(process, 'env', { value: { ...env, NODE_ENV } })
    t.throws(
      () => cookieSession({ secret, insecureCookie: true }),
      { name: 'TypeError', message: /insecureCookie/ },
      `NODE_ENV=${NODE_ENV}`,
    )
  }
  const wrongOptions: object[] = [
    { cookieName: 'a b' },
    { cookieName: '' },
    { cookieName: null },
    { sameSite: 'Lax' },
    { sameSite: null },
    { insecureCookie: 'yes' },
    { insecureCookie: null },
    { renewAfterSeconds: 0 },
    { renewAfterSeconds: 3600 },
    { renewAfterSeconds: null },
  ]
  for (const wrong of wrongOptions) {
    const [option = ''] = Object.keys(wrong)
    t.throws(() => Reflect.apply(cookieSession, undefined, [{ secret, ...wrong }]), { message: new RegExp(option) })
  }
})

t.test('browserOrNative: a browser gets the cookie only, Authorization is read as Bearer alone', async (t) => {
  const strategy = browserOrNative({ browser: cookieSession({ secret }), native: accessTokenSession({ secret }) })
  const token = await kinds.cookieSession.tokenOf(cookieSession({ secret }))
  const accessToken = await kinds.accessTokenSession.tokenOf(accessTokenSession({ secret }))
  const cookies = { [sessionCookie]: token }
  for (const headers of [{ origin: 'https://a.example' }, { 'sec-fetch-site': 'same-origin' }]) {
    const context = newContext(headers)
    t.same(await strategy.createSession(login, context), { success: true })
    t.equal(context.http.setCookies.length, 1)
    t.equal(await strategy.getUser(newContext(headers, cookies), findUser), jane)
    const withBearer = newContext({ ...headers, authorization: 'Bearer nonsense' }, cookies)
    t.equal(await strategy.getUser(withBearer, findUser), null, 'no way back to the cookie')
  }
  const native = newContext()
  t.match(await strategy.createSession(login, native), { success: true, tokenType: 'Bearer', expiresIn: 900 })
  t.equal(native.http.setCookies.length, 0)
  t.equal(await strategy.getUser(newContext({}, cookies), findUser), null, 'cookies of a native client are ignored')
  t.equal(await strategy.getUser(newContext({ authorization: `bearer ${accessToken}` }), findUser), jane)
  for (const authorization of [
    `Basic ${accessToken}`,
    accessToken,
    `Bearer  ${accessToken}`,
    `Bearer ${accessToken} x`,
  ]) {
    t.equal(await strategy.getUser(newContext({ authorization }), findUser), null, authorization.slice(0, 10))
  }
  const [cookie, bearer] = [cookieSession({ secret }), accessTokenSession({ secret })]
  const wrong: [RegExp, object][] = [
    [/browserOrNative.*native/, { browser: cookie }],
    [/browserOrNative.*browser/, { native: bearer }],
    [/browserOrNative.*browser/, { browser: bearer, native: cookie }],
    [/browserOrNative.*browser/, { browser: bearer, native: bearer }],
    [/browserOrNative.*native/, { browser: cookie, native: cookie }],
    [/browserOrNative.*browser/, { browser: strategy, native: bearer }],
  ]
  for (const [message, strategies] of wrong)
    t.throws(() => Reflect.apply(browserOrNative, undefined, [strategies]), { name: 'TypeError', message })
})

t.test('a session belongs to one project and one cookie name, whatever else two strategies share', async (t) => {
  for (const [name, { make, tokenOf }] of Object.entries(kinds)) {
    const strategy = make({ secret })
    const token = await tokenOf(strategy)
    const headers = { authorization: `Bearer ${token}` }
    const cookies = { [sessionCookie]: token }
    t.equal(await strategy.getUser(newContext(headers, cookies), findUser), jane, `${name}: its own project`)
    t.equal(await strategy.getUser(newContext(headers, cookies, 'pro-2'), findUser), null, `${name}: another project`)
    const http = Object.defineProperty(newContext(headers, cookies).http, 'projectId', { value: undefined })
    t.equal(await strategy.getUser({ http }, findUser), null, `${name}: no project`)
  }
  const staff = cookieSession({ secret, cookieName: 'staff' })
  const customer = await kinds.cookieSession.tokenOf(cookieSession({ secret, cookieName: 'customer' }))
  t.equal(await staff.getUser(newContext({}, { '__Host-staff': customer }), findUser), null, 'a renamed cookie')
  t.intercept(process, 'env', { value: { ...process.env, NODE_ENV: 'development' } })
  const insecure = await kinds.cookieSession.tokenOf(
    cookieSession({ secret, cookieName: 'staff', insecureCookie: true }),
  )
  t.equal(await staff.getUser(newContext({}, { '__Host-staff': insecure }), findUser), null, 'an insecure cookie')
})

t.test('describeSession tells when and how the user signed in', async (t) => {
  const signedInAt = 2_000_000_000
  const clock = setClock(t, signedInAt * 1000)
  for (const { make, tokenOf } of Object.values(kinds)) {
    let asked = 0
    const strategy = make({ secret, ttlSeconds: 60, isRevoked: () => ++asked > 1 })
    const tokens: [Login, object][] = [
      [login, { signedInAt, by: 'app' }],
      [passkeyLogin, { signedInAt, by: 'passkey', passkeyId: 'cre-1' }],
      [
        { ...passkeyLogin, claims: { ...passkeyLogin.claims, credential: 7 } },
        { signedInAt, by: 'passkey' },
      ],
    ]
    for (const [how, expected] of tokens) {
      asked = 0
      clock.now = signedInAt * 1000
      const token = await tokenOf(strategy, how)
      const context = newContext({ authorization: `Bearer ${token}` }, { [sessionCookie]: token })
      t.same(await strategy.describeSession(context), expected, 'without getUser')
      asked = 0
      t.equal(await strategy.getUser(context, findUser), jane)
      t.same(await strategy.describeSession(context), expected)
      t.equal(asked, 1, 'getUser and describeSession share one look at the token')
      clock.now = (signedInAt + 60) * 1000
      t.equal(await strategy.describeSession(context), null, 'expired in the meantime')
    }
    t.equal(await strategy.describeSession(newContext()), null, 'no session')
  }
  const both = browserOrNative({ browser: cookieSession({ secret }), native: accessTokenSession({ secret }) })
  clock.now = signedInAt * 1000
  const token = await kinds.accessTokenSession.tokenOf(accessTokenSession({ secret }), passkeyLogin)
  const bearer = newContext({ authorization: `Bearer ${token}` })
  t.same(await both.describeSession(bearer), { signedInAt, by: 'passkey', passkeyId: 'cre-1' })
  t.equal(await both.describeSession(newContext()), null)
})

t.test('renewal of a cookie on use', async (t) => {
  const start = 2_000_000_000
  const clock = setClock(t, start * 1000)
  const at = (seconds: number) => {
    clock.now = (start + seconds) * 1000
  }
  const strategy = cookieSession({
    secret,
    ttlSeconds: 100,
    renewAfterSeconds: 40,
    maxSessionSeconds: 250,
    claims: ({ displayName }: typeof jane) => ({ displayName }),
  })
  const use = async (cookie: string, answered = false) => {
    const context = newContext({}, { [sessionCookie]: cookie })
    context.http.answered = answered
    const user = await strategy.getUser(context, findUser)
    const [renewed, ...more] = context.http.setCookies
    t.equal(more.length, 0)
    t.equal(context.http.cacheable, renewed === undefined, 'a response with a session is never cached')
    return { user, renewed }
  }
  const first = await kinds.cookieSession.tokenOf(strategy, passkeyLogin)
  at(39)
  t.same(await use(first), { user: jane, renewed: undefined }, 'too early')
  at(40)
  t.same(await use(first, true), { user: jane, renewed: undefined }, 'the response was sent')
  const { renewed } = await use(first)
  t.same(renewed?.attributes, { httpOnly: true, secure: true, sameSite: 'lax', path: '/', maxAge: 100 })
  const second = renewed?.value ?? ''
  t.same(decodeJwt(second), { ...decodeJwt(first), iat: start + 40, exp: start + 140 }, 'only iat and exp are new')
  t.ok((await use(first)).renewed, 'a parallel request renews as well, and no cookie ends another')
  at(80)
  const parallel = await use(first)
  t.equal(parallel.user, jane, 'the old cookie stays valid until it expires')
  const third = (await use(second)).renewed?.value ?? ''
  at(160)
  const fourth = (await use(third)).renewed
  t.equal(fourth?.attributes.maxAge, 90, 'never beyond maxSessionSeconds')
  t.equal(decodeJwt(fourth?.value ?? '').exp, start + 250)
  at(249)
  t.same(await use(fourth?.value ?? ''), { user: jane, renewed: undefined }, 'there is nothing left to extend')
  at(250)
  t.same(await use(fourth?.value ?? ''), { user: null, renewed: undefined })

  at(90)
  users.delete('jane')
  t.same(await use(second), { user: null, renewed: undefined }, 'nobody to renew for')
  users.set('jane', { ...jane, displayName: 'Jane D.' })
  t.equal(decodeJwt((await use(second)).renewed?.value ?? '').displayName, 'Jane D.', 'claims of the user as of now')
  users.set('jane', jane)
  const shorter = cookieSession({ secret, ttlSeconds: 50, maxSessionSeconds: 60 })
  t.equal(await kinds.cookieSession.show(shorter, second), null, 'a session that is too old for a shorter limit')

  const revoked = cookieSession({ secret, ttlSeconds: 100, renewAfterSeconds: 40, isRevoked: () => true })
  const context = newContext({}, { [sessionCookie]: second })
  t.equal(await revoked.getUser(context, findUser), null)
  t.same(context.http.setCookies, [], 'a revoked session is not renewed')
  const off = newContext({}, { [sessionCookie]: second })
  t.equal(await cookieSession({ secret }).getUser(off, findUser), jane)
  t.same(off.http.setCookies, [], 'off by default')
})

t.test('renewSession', async (t) => {
  const start = 2_000_000_000
  const clock = setClock(t, start * 1000)
  const bearer = accessTokenSession({ secret, ttlSeconds: 100, maxSessionSeconds: 150 })
  const first = await kinds.accessTokenSession.tokenOf(bearer, passkeyLogin)
  const renew = (strategy: Strategy, headers: Record<string, string>, cookies = {}) => {
    const context = newContext(headers, cookies)
    return strategy.renewSession(context, findUser).then((answer) => ({ answer, context }))
  }
  clock.now = (start + 60) * 1000
  const { answer } = await renew(bearer, { authorization: `Bearer ${first}` })
  t.match(answer, { success: true, tokenType: 'Bearer', expiresIn: 90 })
  const second = answer?.accessToken ?? ''
  t.same(decodeJwt(second), { ...decodeJwt(first), iat: start + 60, exp: start + 150 })
  t.equal((await renew(bearer, { authorization: `Bearer ${second}` })).answer, null, 'maxSessionSeconds is reached')
  t.equal((await renew(bearer, {})).answer, null, 'no session')
  users.delete('jane')
  t.equal((await renew(bearer, { authorization: `Bearer ${first}` })).answer, null, 'no user')
  users.set('jane', jane)

  const both = browserOrNative({ browser: cookieSession({ secret }), native: bearer })
  clock.now = start * 1000
  const cookies = { [sessionCookie]: await kinds.cookieSession.tokenOf(cookieSession({ secret })) }
  clock.now = (start + 1) * 1000
  const page = { 'sec-fetch-site': 'same-origin' }
  const inBrowser = await renew(both, page, cookies)
  t.same(inBrowser.answer, { success: true })
  t.equal(inBrowser.context.http.setCookies[0]?.name, sessionCookie)
  t.match((await renew(both, { authorization: `Bearer ${first}` })).answer, { accessToken: /^ey/ })
  const mixed = await renew(both, { ...page, authorization: `Bearer ${first}` }, cookies)
  t.equal(mixed.answer, null, 'a browser never receives a token')
  t.equal((await renew(both, {}, cookies)).answer, null)
})

t.test('times are whole seconds', async (t) => {
  setClock(t, 1_999_999_999_999)
  const strategy = accessTokenSession({ secret })
  t.equal(decodeJwt(await kinds.accessTokenSession.tokenOf(strategy)).iat, 1_999_999_999)
})
