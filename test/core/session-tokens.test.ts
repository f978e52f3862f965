import {
  type AccessTokenSessionOptions,
  accessTokenSession,
  browserOrNative,
  type ConnectUser,
  cookieSession,
  type ReadyMadeStrategy,
} from '@corbado-connect/core'
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT } from 'jose'
import t from 'tap'
import { setClock } from './clock.js'
import { newContext } from './http-context.js'

const secret = 'a secret of 32 bytes, or of more'
const otherSecret = 'another secret, of 32 bytes or more'
const jane = { identifier: 'jane', displayName: 'Jane', password: 'canary' }
const login = { user: jane, by: 'app' } as const
const users = new Map<string, ConnectUser>([['jane', jane]])
const findUser = async (identifier: string): Promise<ConnectUser | null> => users.get(identifier) ?? null
const sessionCookie = '__Host-corbado_connect_session'

type Strategy = ReadyMadeStrategy<typeof jane>

/** The two kinds alike: make a token, and show it again. */
const kinds = {
  cookieSession: {
    make: (options: AccessTokenSessionOptions<typeof jane>): Strategy => cookieSession(options),
    typ: 'corbado-connect-session+jwt',
    aud: 'corbado-connect:cookie',
    ttl: 3600,
    async tokenOf(strategy: Strategy): Promise<string> {
      const context = newContext()
      await strategy.createSession(login, context)
      return context.http.setCookies[0]?.value ?? ''
    },
    show: (strategy: Strategy, token: string) => strategy.getUser(newContext({}, { [sessionCookie]: token }), findUser),
  },
  accessTokenSession: {
    make: (options: AccessTokenSessionOptions<typeof jane>): Strategy => accessTokenSession(options),
    typ: 'at+jwt',
    aud: 'corbado-connect:access-token',
    ttl: 900,
    async tokenOf(strategy: Strategy): Promise<string> {
      return (await strategy.createSession(login, newContext())).accessToken ?? ''
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
      t.same(Object.keys(claims).toSorted(), ['aud', 'exp', 'iat', 'iss', 'jti', 'sub'])
      t.match(claims, { sub: 'jane', iss: 'corbado-connect', aud: kind.aud })
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
      t.same(Object.keys(richer).toSorted(), ['aud', 'displayName', 'exp', 'iat', 'iss', 'jti', 'sub'])
      t.match(richer, { displayName: 'Jane', iss: 'shop' })
      t.equal((richer.exp ?? 0) - (richer.iat ?? 0), 60)
      for (const reserved of ['sub', 'iat', 'exp', 'jti', 'iss', 'aud', 'nbf']) {
        const greedy = kind.make({ secret, claims: () => ({ [reserved]: 'mallory' }) })
        await t.rejects(kind.tokenOf(greedy), { name: 'TypeError', message: new RegExp(`claims: "${reserved}"`) })
      }
    })

    t.test('what is not a token of this strategy is nobody', async (t) => {
      const foreign: Record<string, string> = {
        'another secret': await kind.tokenOf(kind.make({ secret: otherSecret })),
        'another secret under the same kid': await resigned(claims, {}, otherSecret),
        'another issuer': await kind.tokenOf(kind.make({ secret, issuer: 'elsewhere' })),
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
      for (const missing of ['sub', 'iat', 'exp', 'jti', 'iss', 'aud']) {
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
        [/secret and keys/, {}],
        [/secret and keys/, { secret: undefined }],
        [/secret and keys/, { secret, keys: [secret] }],
        [/secret: 32 bytes/, { secret: secret.slice(0, 31) }],
        [/secret: 32 bytes/, { secret: '' }],
        [/secret: a secret/, { secret: 1 }],
        [/keys: at least one/, { keys: [] }],
        [/keys: an array/, { keys: secret }],
        [/keys: 32 bytes/, { keys: [secret, 'short'] }],
        [/keys: kid/, { keys: [{ kid: '', secret }] }],
        [/keys: every key/, { keys: [secret, secret] }],
        [/ttlSeconds/, { secret, ttlSeconds: 0 }],
        [/ttlSeconds/, { secret, ttlSeconds: '900' }],
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
  cookieSession({ secret }).destroySession(leaving)
  t.same(leaving.http.setCookies, [{ name: sessionCookie, value: '', attributes: { ...attributes, maxAge: 0 } }])

  const development = newContext()
  await cookieSession({ secret, insecureCookie: true, cookieName: 'shop', sameSite: 'strict' }).createSession(
    login,
    development,
  )
  t.match(development.http.setCookies, [
    { name: 'shop', attributes: { secure: false, httpOnly: true, sameSite: 'strict' } },
  ])
  t.intercept(process, 'env', { value: { ...process.env, NODE_ENV: 'production' } })
  t.throws(() => cookieSession({ secret, insecureCookie: true }), { name: 'TypeError', message: /insecureCookie/ })
  for (const wrong of [{ cookieName: 'a b' }, { cookieName: '' }, { sameSite: 'Lax' }, { insecureCookie: 'yes' }]) {
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
  const incomplete = { browser: cookieSession({ secret }) }
  t.throws(() => Reflect.apply(browserOrNative, undefined, [incomplete]), { name: 'TypeError', message: /native/ })
})

t.test('times are whole seconds', async (t) => {
  setClock(t, 1_999_999_999_999)
  const strategy = accessTokenSession({ secret })
  t.equal(decodeJwt(await kinds.accessTokenSession.tokenOf(strategy)).iat, 1_999_999_999)
})
