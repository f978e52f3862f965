import { createSecretKey } from 'node:crypto'
import { startEmulator } from '@corbado-connect/emulator'
import { accessTokenSession, browserOrNative, cookieSession } from '@corbado-connect/fastify'
import { type JWTHeaderParameters, SignJWT, UnsecuredJWT } from 'jose'
import t from 'tap'
import { setClock } from '../core/clock.js'
import { ada, bob, People } from '../support/people.js'
import {
  type Answer,
  browser,
  connectTokenPath,
  cookieHeader,
  logIn,
  member,
  send,
  setCookies,
} from '../support/requests.js'
import { contract, optionsFor } from './contract.js'
import { claimsOf } from './raw-tokens.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const secret = 'a secret of the tests, 32 bytes long'
const otherSecret = 'another secret of tests, 32 bytes long'
const cookieName = '__Host-corbado_connect_session'
const cookieAudience = `corbado-connect:cookie:${cookieName}:${upstream.projectId}`
const tokenAudience = `corbado-connect:access-token:${upstream.projectId}`
const native = {}

const me = (app: { port: number }, headers: Record<string, string>): Promise<Answer> =>
  send(app, { method: 'GET', path: '/me', headers })
const withCookie = (token: string) => ({ ...browser, cookie: `${cookieName}=${token}` })
const withBearer = (token: string) => ({ authorization: `Bearer ${token}` })
const tokenIn = (answer: Answer): string => cookieHeader(answer).slice(cookieName.length + 1)

contract('cookieSession', async ({ t, start, see, refused }) => {
  const people = new People(ada, bob)
  const app = await start(optionsFor(upstream, { session: cookieSession({ secret }), findUser: people.find }))
  const answer = await logIn(app, await upstream.signIn(ada.identifier))
  t.strictSame([answer.status, answer.json], [200, { success: true }])
  const [cookie = '', ...more] = setCookies(answer)
  t.strictSame(more, [], 'one cookie')
  const [pair = '', ...attributes] = cookie.split('; ')
  t.ok(pair.startsWith(`${cookieName}=eyJ`))
  t.strictSame(attributes.sort(), ['HttpOnly', 'Max-Age=3600', 'Path=/', 'SameSite=Lax', 'Secure'], 'and no Domain')
  see('cookie', [answer.json, cookie.replace(/=eyJ[^;]+/, '=<token>')])

  const claims = claimsOf(tokenIn(answer))
  t.strictSame(
    Object.keys(claims).sort(),
    ['amr', 'aud', 'auth_time', 'cre', 'exp', 'iat', 'iss', 'jti', 'sub'],
    'no other claims',
  )
  t.match(claims, {
    sub: ada.identifier,
    iss: 'corbado-connect',
    aud: cookieAudience,
    auth_time: claims.iat,
    amr: ['passkey'],
    cre: /^cre-/,
  })
  t.equal(Number(claims.exp) - Number(claims.iat), 3600)

  const headers = { ...browser, cookie: cookieHeader(answer) }
  const known = await me(app, headers)
  t.strictSame([known.status, known.json], [200, { ...ada }])
  see('me', known.json)
  const issued = await send(app, { path: connectTokenPath, headers, body: { type: 'passkey-list' } })
  t.equal(issued.status, 200, 'a connect token by cookie')
  const again = await logIn(app, await upstream.signIn(ada.identifier), headers)
  t.not(tokenIn(again), tokenIn(answer), 'each login has a session of its own')
  const asBob = await logIn(app, await upstream.signIn(bob.identifier), headers)
  t.match(
    (await me(app, { cookie: cookieHeader(asBob) })).json,
    { identifier: bob.identifier },
    'a login replaces another',
  )

  refused(
    'a foreign page cannot log out',
    await send(app, { path: '/logout', headers: { ...headers, 'sec-fetch-site': 'cross-site' } }),
    'ORIGIN_NOT_ALLOWED',
  )
  const out = await send(app, { path: '/logout', headers })
  t.equal(out.status, 204)
  const [cleared = ''] = setCookies(out)
  t.match(cleared, new RegExp(`^${cookieName}=; `))
  t.strictSame(
    cleared.split('; ').slice(1).sort(),
    ['Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'HttpOnly', 'Max-Age=0', 'Path=/', 'SameSite=Lax', 'Secure'],
    'forgotten with the attributes that it was set with',
  )
  see('cleared', cleared)

  refused(
    'a request of no browser',
    await logIn(app, await upstream.signIn(ada.identifier), native),
    'ORIGIN_NOT_ALLOWED',
  )
  people.suspend(ada.identifier)
  refused('suspended', await me(app, headers), 'NOT_AUTHENTICATED')
  refused(
    'suspended: connect token',
    await send(app, { path: connectTokenPath, headers, body: { type: 'passkey-list' } }),
    'NOT_AUTHENTICATED',
  )
})

contract('accessTokenSession', async ({ t, start, see, refused }) => {
  const people = new People(ada)
  const session = accessTokenSession({ secret, claims: ({ identifier }) => ({ tenant: identifier.length }) })
  const app = await start(optionsFor(upstream, { session, findUser: people.find }))
  const answer = await logIn(app, await upstream.signIn(ada.identifier), native)
  const accessToken = member(answer, 'accessToken')
  t.strictSame(answer.json, { success: true, accessToken, tokenType: 'Bearer', expiresIn: 900 })
  t.strictSame(setCookies(answer), [], 'no cookie')
  t.equal(answer.headers['cache-control'], 'no-store')
  see('answer', Object.keys(Object(answer.json)))
  t.match(claimsOf(accessToken), { sub: ada.identifier, aud: tokenAudience, amr: ['passkey'], tenant: 8 })

  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    t.equal((await me(app, { authorization: `${scheme} ${accessToken}` })).status, 200, scheme)
  }
  const wrong = [
    '',
    'Bearer',
    `Bearer  ${accessToken}`,
    `Bearer ${accessToken} x`,
    `Bearer "${accessToken}"`,
    `Token ${accessToken}`,
    `Basic ${accessToken}`,
    accessToken,
  ]
  for (const [index, authorization] of wrong.entries()) {
    refused(`authorization ${index}`, await me(app, { authorization }), 'NOT_AUTHENTICATED')
  }
  refused('in a cookie', await me(app, withCookie(accessToken)), 'NOT_AUTHENTICATED')
  refused('a foreign page', await logIn(app, 'x', { origin: 'https://evil.example' }), 'ORIGIN_NOT_ALLOWED')
  const out = await send(app, { path: '/logout', headers: withBearer(accessToken) })
  t.strictSame([out.status, setCookies(out)], [204, []])
  see('logout', out.status)
  people.suspend(ada.identifier)
  refused('suspended', await me(app, withBearer(accessToken)), 'NOT_AUTHENTICATED')
})

contract('tokens that are nobody', async ({ t, start, see, refused }) => {
  const keys = [{ kid: 'k1', secret }]
  const cookies = await start(optionsFor(upstream, { session: cookieSession({ keys }) }))
  const bearers = await start(optionsFor(upstream, { session: accessTokenSession({ keys }) }))
  const now = Math.floor(Date.now() / 1000)
  const kinds = [
    {
      name: 'cookie',
      typ: 'corbado-connect-session+jwt',
      aud: cookieAudience,
      ask: (token: string) => me(cookies, withCookie(token)),
    },
    {
      name: 'bearer',
      typ: 'at+jwt',
      aud: tokenAudience,
      ask: (token: string) => me(bearers, withBearer(token)),
    },
  ]
  for (const { name, typ, aud, ask } of kinds) {
    const header = { alg: 'HS256', typ, kid: 'k1' }
    const claims = {
      sub: ada.identifier,
      iat: now,
      exp: now + 60,
      jti: 'j',
      iss: 'corbado-connect',
      aud,
      auth_time: now,
      amr: ['app'],
    }
    const sign = (changedHeader: object, changedClaims: object, key = secret): Promise<string> => {
      const protectedHeader: JWTHeaderParameters = { ...header, ...changedHeader }
      return new SignJWT({ ...claims, ...changedClaims })
        .setProtectedHeader(protectedHeader)
        .sign(createSecretKey(Buffer.from(key)))
    }
    const good = await sign({}, {})
    const accepted = await ask(good)
    t.strictSame([accepted.status, accepted.json], [200, { ...ada }], `${name}: the good one`)
    see(`${name}: the good one`, accepted.status)
    const [head = '', body = '', signature = ''] = good.split('.')
    const other = kinds.find((kind) => kind.name !== name) ?? kinds[0]
    const bad: Record<string, string> = {
      'another key': await sign({}, {}, otherSecret),
      'another algorithm': await sign({ alg: 'HS512' }, {}, `${secret}${secret}`),
      'no signature': new UnsecuredJWT(claims).encode(),
      'a cut signature': `${head}.${body}.`,
      'another body': `${head}.${Buffer.from(JSON.stringify({ ...claims, sub: bob.identifier })).toString('base64url')}.${signature}`,
      'an unknown key': await sign({ kid: 'k2' }, {}),
      'no key': await sign({ kid: undefined }, {}),
      'no type': await sign({ typ: undefined }, {}),
      'the other type': await sign({ typ: other?.typ }, {}),
      'the other audience': await sign({}, { aud: other?.aud }),
      'the other kind': await sign({ typ: other?.typ }, { aud: other?.aud }),
      'the audience of another project': await sign({}, { aud: aud.replace(upstream.projectId, 'pro-9') }),
      'a session that has lasted too long': await sign({}, { auth_time: now - 12 * 3600 }),
      'no time of sign-in': await sign({}, { auth_time: undefined }),
      'no audience': await sign({}, { aud: undefined }),
      'another issuer': await sign({}, { iss: 'somebody' }),
      'no issuer': await sign({}, { iss: undefined }),
      expired: await sign({}, { iat: now - 100, exp: now - 1 }),
      'no end': await sign({}, { exp: undefined }),
      'a text for an end': await sign({}, { exp: `${now + 60}` }),
      'not yet': await sign({}, { nbf: now + 60 }),
      'no subject': await sign({}, { sub: undefined }),
      'a number for a subject': await sign({}, { sub: 7 }),
      'no ID': await sign({}, { jti: undefined }),
      'an unknown user': await sign({}, { sub: 'nobody' }),
      garbage: 'eyJhbGciOiJIUzI1NiJ9.e30.x',
      text: 'token',
      'many dots': '.....',
      'a signedPasskeyData': await upstream.signIn(ada.identifier),
    }
    for (const [what, token] of Object.entries(bad)) refused(`${name}: ${what}`, await ask(token), 'NOT_AUTHENTICATED')
  }
})

contract('a session of one project is nothing in another', async ({ t, start, see, refused }) => {
  const staffProject = await startEmulator({ projectId: 'pro-987654' })
  t.teardown(() => staffProject.close())
  const bearers = accessTokenSession({ secret })
  const both = browserOrNative({ browser: cookieSession({ secret, cookieName: 'both' }), native: bearers })
  const sessions: [name: string, customers: typeof both, staff: typeof both, cookie: string][] = [
    ['own cookie names', cookieSession({ secret }), cookieSession({ secret, cookieName: 'staff' }), '__Host-staff'],
    ['one cookie name', cookieSession({ secret }), cookieSession({ secret }), cookieName],
    ['access tokens', bearers, accessTokenSession({ secret }), cookieName],
    ['one instance for both', bearers, bearers, cookieName],
    ['both kinds', both, both, '__Host-both'],
    ['a wrapped strategy', bearers, { ...bearers, getUser: (context, find) => bearers.getUser(context, find) }, ''],
  ]
  for (const [name, session, staffSession, staffCookie] of sessions) {
    const customers = await start(optionsFor(upstream, { session }))
    const staff = await start(optionsFor(staffProject, { session: staffSession }))
    for (const from of [browser, native]) {
      const answer = await logIn(customers, await upstream.signIn(ada.identifier), from)
      if (answer.status === 403) continue // Cookies are for browsers.
      const cookie = cookieHeader(answer)
      const token = cookie === '' ? member(answer, 'accessToken') : cookie.slice(cookie.indexOf('=') + 1)
      const shown: Record<string, string>[] =
        cookie === ''
          ? [withBearer(token)]
          : [
              { ...browser, cookie },
              { ...browser, cookie: `${staffCookie}=${token}` },
            ]
      t.equal((await me(customers, shown[0] ?? {})).status, 200, `${name}: at home`)
      for (const [index, headers] of shown.entries()) {
        const where = `${name}, ${from === native ? 'native' : 'browser'}, ${cookie === '' ? 'Bearer' : 'cookie'} ${index}`
        refused(where, await me(staff, headers), 'NOT_AUTHENTICATED')
        const body = { type: 'passkey-append' }
        const asked = await send(staff, { path: connectTokenPath, headers: { ...browser, ...headers }, body })
        refused(`${where}: connect token`, asked, 'NOT_AUTHENTICATED')
      }
    }
    const atHome = await logIn(staff, await staffProject.signIn(ada.identifier))
    see(`${name}: staff`, atHome.status)
    t.equal(atHome.status, 200, `${name}: the staff project has sessions of its own`)
  }
  t.equal(staffProject.requests({ route: 'connectTokens.create' }).length, 0)
})

contract('renewal', async ({ t, start, see, refused }) => {
  const clock = setClock(t, Date.now())
  const revoked = new Set<string>()
  const session = browserOrNative({
    browser: cookieSession({
      secret,
      ttlSeconds: 100,
      renewAfterSeconds: 40,
      maxSessionSeconds: 150,
      isRevoked: ({ jti }) => revoked.has(jti),
    }),
    native: accessTokenSession({ secret, ttlSeconds: 100, maxSessionSeconds: 150 }),
  })
  const app = await start(optionsFor(upstream, { session }))
  const login = await logIn(app, await upstream.signIn(ada.identifier))
  const accessToken = member(await logIn(app, await upstream.signIn(ada.identifier), native), 'accessToken')
  const headers = { ...browser, cookie: cookieHeader(login) }
  t.strictSame(setCookies(await me(app, headers)), [], 'a new cookie is not renewed')

  clock.now += 60_000
  const used = await me(app, headers)
  t.strictSame([used.status, used.headers['cache-control']], [200, 'no-store'])
  const [renewed = '', ...more] = setCookies(used)
  t.strictSame(more, [])
  t.strictSame(
    renewed.split('; ').slice(1).sort(),
    ['HttpOnly', `Max-Age=${150 - 60}`, 'Path=/', 'SameSite=Lax', 'Secure'],
    'up to maxSessionSeconds',
  )
  const { iat, exp, ...kept } = claimsOf(tokenIn(login))
  t.strictSame(claimsOf(tokenIn(used)), { ...kept, iat: Number(iat) + 60, exp: Number(iat) + 150 })
  see('renewed', renewed.replace(/=eyJ[^;]+/, '=<token>'))
  const issued = await send(app, { path: connectTokenPath, headers, body: { type: 'passkey-list' } })
  t.strictSame([issued.status, setCookies(issued).length], [200, 1], 'our own routes renew as well')

  const out = await send(app, { path: '/logout-as-user', headers })
  const last = setCookies(out).at(-1) ?? ''
  t.strictSame([out.status, setCookies(out).length], [204, 2])
  t.match(last, /=; Max-Age=0; .*Expires=Thu, 01 Jan 1970/, 'the browser keeps the last cookie: signed out')
  see('sign-out', last)
  revoked.add(String(kept.jti))
  refused(
    'a renewed session ends with the one that it continues',
    await me(app, withCookie(tokenIn(used))),
    'NOT_AUTHENTICATED',
  )
  refused('and is not renewed', await send(app, { path: '/renew', headers }), 'NOT_AUTHENTICATED')

  const answer = await send(app, { path: '/renew', headers: withBearer(accessToken) })
  const next = member(answer, 'accessToken')
  t.strictSame(answer.json, { success: true, accessToken: next, tokenType: 'Bearer', expiresIn: 90 })
  t.strictSame([setCookies(answer), answer.headers['cache-control']], [[], 'no-store'])
  see('renewed token', Object.keys(Object(answer.json)))
  t.equal(claimsOf(next).auth_time, claimsOf(accessToken).auth_time)
  t.equal((await me(app, withBearer(next))).status, 200)
  refused('at its end', await send(app, { path: '/renew', headers: withBearer(next) }), 'NOT_AUTHENTICATED')
  refused('without a session', await send(app, { path: '/renew' }), 'NOT_AUTHENTICATED')
})

contract('revocation and rotation of keys', async ({ t, start, see, refused }) => {
  const revoked = new Set<string>()
  const old = { kid: '2024', secret }
  const next = { kid: '2025', secret: Buffer.from(otherSecret) }
  const isRevoked = async ({ jti }: { jti: string }) => {
    if (jti === 'broken') throw new Error('down')
    return revoked.has(jti)
  }
  const before = await start(optionsFor(upstream, { session: cookieSession({ keys: [old], isRevoked }) }))
  const during = await start(optionsFor(upstream, { session: cookieSession({ keys: [next, old] }) }))
  const after = await start(optionsFor(upstream, { session: cookieSession({ keys: [next] }) }))

  const oldToken = tokenIn(await logIn(before, await upstream.signIn(ada.identifier)))
  const newToken = tokenIn(await logIn(during, await upstream.signIn(ada.identifier)))
  const statuses: number[] = []
  for (const app of [before, during, after]) {
    for (const token of [oldToken, newToken]) statuses.push((await me(app, withCookie(token))).status)
  }
  t.strictSame(statuses, [200, 401, 200, 200, 401, 200])
  see('rotation', statuses)

  revoked.add(String(claimsOf(oldToken).jti))
  refused('revoked', await me(before, withCookie(oldToken)), 'NOT_AUTHENTICATED')
  const { jti: _, ...claims } = claimsOf(oldToken)
  const broken = await new SignJWT({ ...claims, jti: 'broken' })
    .setProtectedHeader({ alg: 'HS256', typ: 'corbado-connect-session+jwt', kid: '2024' })
    .sign(createSecretKey(Buffer.from(secret)))
  refused('nobody knows whether', await me(before, withCookie(broken)), 'HOOK_FAILED')
})

contract('browserOrNative', async ({ t, start, see, refused }) => {
  const session = browserOrNative({ browser: cookieSession({ secret }), native: accessTokenSession({ secret }) })
  const app = await start(optionsFor(upstream, { session }))
  const forAda = () => upstream.signIn(ada.identifier)

  const inBrowser = await logIn(app, await forAda())
  t.strictSame(
    [inBrowser.json, setCookies(inBrowser).length],
    [{ success: true }, 1],
    'a browser gets the cookie alone',
  )
  const greedy = await logIn(app, await forAda(), {
    ...browser,
    authorization: 'Bearer x',
    'user-agent': 'okhttp/4',
    accept: 'application/json',
  })
  t.strictSame([greedy.json, setCookies(greedy).length], [{ success: true }, 1], 'whatever else it sends')
  const inApp = await logIn(app, await forAda(), native)
  t.strictSame(Object.keys(Object(inApp.json)), ['success', 'accessToken', 'tokenType', 'expiresIn'])
  t.strictSame(setCookies(inApp), [], 'a native client gets the token alone')
  see('answers', [inBrowser.json, greedy.json, Object.keys(Object(inApp.json))])

  const cookie = tokenIn(inBrowser)
  const bearer = member(inApp, 'accessToken')
  const bobs = tokenIn(await logIn(app, await upstream.signIn(bob.identifier)))
  const statuses = {
    'the cookie in a browser': await me(app, withCookie(cookie)),
    'the token in an app': await me(app, withBearer(bearer)),
    "the token in a browser with somebody else's cookie": await me(app, { ...withCookie(bobs), ...withBearer(bearer) }),
  }
  for (const [name, answer] of Object.entries(statuses))
    t.strictSame([answer.status, answer.json], [200, { ...ada }], name)
  see('accepted', Object.keys(statuses))
  refused('the cookie as a token', await me(app, withBearer(cookie)), 'NOT_AUTHENTICATED')
  refused('the token as a cookie', await me(app, withCookie(bearer)), 'NOT_AUTHENTICATED')
  refused(
    'a good cookie and a bad token',
    await me(app, { ...withCookie(cookie), authorization: 'Bearer x' }),
    'NOT_AUTHENTICATED',
  )
  refused(
    'a good cookie and another scheme',
    await me(app, { ...withCookie(cookie), authorization: 'Basic eDp5' }),
    'NOT_AUTHENTICATED',
  )
  refused('a native client with a cookie', await me(app, { cookie: `${cookieName}=${cookie}` }), 'NOT_AUTHENTICATED')
  refused('a foreign page', await logIn(app, await forAda(), { origin: 'https://evil.example' }), 'ORIGIN_NOT_ALLOWED')

  const outInBrowser = await send(app, { path: '/logout', headers: withCookie(cookie) })
  const outInApp = await send(app, { path: '/logout', headers: withBearer(bearer) })
  t.strictSame(
    [outInBrowser, outInApp].map((answer) => [answer.status, setCookies(answer).length]),
    [
      [204, 1],
      [204, 0],
    ],
  )
  see('logout', [setCookies(outInBrowser), setCookies(outInApp)])
})

contract('a cookie for development', async ({ t, start, see }) => {
  t.intercept(process, 'env', { value: { ...process.env, NODE_ENV: 'development' } })
  const session = cookieSession({ secret, insecureCookie: true, cookieName: 'dev', sameSite: 'strict', ttlSeconds: 60 })
  const app = await start(optionsFor(upstream, { session }))
  const answer = await logIn(app, await upstream.signIn(ada.identifier))
  const [cookie = ''] = setCookies(answer)
  t.strictSame(cookie.split('; ').slice(1).sort(), ['HttpOnly', 'Max-Age=60', 'Path=/', 'SameSite=Strict'])
  t.ok(cookie.startsWith('dev=eyJ'))
  t.equal((await me(app, { cookie: cookieHeader(answer) })).status, 200)
  see('cookie', cookie.replace(/=eyJ[^;]+/, '=<token>'))
})
