import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { startEmulator } from '@corbado-connect/emulator'
import { accessTokenSession, browserOrNative, cookieSession } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, HeaderSession } from '../support/people.js'
import { askForToken, browser, logIn, send, setCookies, verifyPath } from '../support/requests.js'
import type { Options } from '../support/servers.js'
import { clientFor, comparable, contract, optionsFor } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const secret = 'a secret of the tests, 32 bytes long'
const canary = 'corbado1_canary canary'
const changed = (change: object): Options => Object.assign(optionsFor(upstream), change)
const client = (change: object): Options => changed({ client: { ...clientFor(upstream), ...change } })
const environment = ['CORBADO_PROJECT_ID', 'CORBADO_API_SECRET', 'CORBADO_API_KEY', 'CORBADO_BACKEND_API']

/** The headings of docs/options.md, as anchors. */
const headings = [
  ...readFileSync(new URL('../../../docs/options.md', import.meta.url), 'utf8').matchAll(/^#+ (.+)$/gm),
].map(([, heading = '']) =>
  heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-'),
)

contract('wrong options are refused by name', async ({ t, framework, see }) => {
  for (const name of environment) t.intercept(process, 'env', { value: { ...process.env, [name]: '' } })
  const rows: [names: string, options: () => Options][] = [
    ['findUsers', () => changed({ findUsers: () => null })],
    ['FindUser', () => changed({ FindUser: () => null })],
    ['__proto__', () => changed(JSON.parse('{"__proto__x":1}'))],
    ['findUser', () => changed({ findUser: undefined })],
    ['findUser', () => changed({ findUser: {} })],
    ['session', () => changed({ session: undefined })],
    ['session', () => changed({ session: null })],
    ['session.getUser', () => changed({ session: { createSession() {} } })],
    ['session.createSession', () => changed({ session: { getUser: () => null } })],
    [
      'session.destroySession',
      () => changed({ session: { getUser: () => null, createSession() {}, destroySession: true } }),
    ],
    ['destroysession', () => changed({ session: { getUser: () => null, createSession() {}, destroysession() {} } })],
    ['prefix', () => changed({ prefix: 'auth' })],
    ['prefix', () => changed({ prefix: null })],
    ['prefix', () => changed({ prefix: '/auth/' })],
    ['prefix', () => changed({ prefix: '/:1d' })],
    ['prefix', () => changed({ prefix: '/a b' })],
    ['routes', () => changed({ routes: { verification: '/x' } })],
    ['routes.verify', () => changed({ routes: { verify: true } })],
    ['routes.connectToken', () => changed({ routes: { connectToken: '*' } })],
    ['routes', () => changed({ routes: { connectToken: '/x', verify: '/x' } })],
    ['tokenTypes', () => changed({ tokenTypes: [] })],
    ['tokenTypes', () => changed({ tokenTypes: 'passkey-list' })],
    ['tokenTypes', () => changed({ tokenTypes: ['passkey-lists'] })],
    ['passkey-login', () => changed({ tokenTypes: ['passkey-login'] })],
    [
      'passkey-login without `authorizeConnectToken`',
      () => changed({ tokenTypes: ['passkey-login'], expectedIdentifier: () => 'jane' }),
    ],
    [
      'passkey-login without `expectedIdentifier`',
      () => changed({ tokenTypes: ['passkey-login'], authorizeConnectToken: () => true }),
    ],
    ['createSession', () => changed({ createSession: () => {} })],
    ['authorizeConnectToken', () => changed({ authorizeConnectToken: true })],
    ['tokenLifetimeSeconds', () => changed({ tokenLifetimeSeconds: 0 })],
    ['tokenLifetimeSeconds', () => changed({ tokenLifetimeSeconds: null })],
    ['tokenLifetimeSeconds', () => changed({ tokenLifetimeSeconds: '300' })],
    ['tokenLifetimeSeconds', () => changed({ tokenLifetimeSeconds: 1.5 })],
    ['tokenLifetimeSeconds', () => changed({ tokenLifetimeSeconds: Number.NaN })],
    ['expectedIdentifier', () => changed({ expectedIdentifier: 'webauthnId' })],
    ['rateLimit', () => changed({ rateLimit: true })],
    ['rateLimit', () => changed({ rateLimit: { login: { max: 1, windowMs: 1 } } })],
    ['rateLimit.verify.max', () => changed({ rateLimit: { verify: { max: 0, windowMs: 1 } } })],
    ['rateLimit.verify.windowMs', () => changed({ rateLimit: { verify: { max: 1, windowMs: '1m' } } })],
    ['rateLimit.connectToken', () => changed({ rateLimit: { connectToken: { max: 1, windowMs: 1, ban: 1 } } })],
    ['rateLimit.redis', () => changed({ rateLimit: { redis: 'redis://localhost' } })],
    ['replayStore.reserve', () => changed({ replayStore: {} })],
    ['replayStore.release', () => changed({ replayStore: { reserve() {}, markUsed() {} } })],
    ['allowedOrigins', () => changed({ allowedOrigins: '*' })],
    ['allowedOrigins', () => changed({ allowedOrigins: ['*'] })],
    ['allowedOrigins', () => changed({ allowedOrigins: ['https://*.example.com'] })],
    ['allowedOrigins', () => changed({ allowedOrigins: [/example/] })],
    ['allowedOrigins', () => changed({ allowedOrigins: ['https://example.com/'] })],
    ['allowedOrigins', () => changed({ allowedOrigins: ['null'] })],
    ['allowNonBrowserClients', () => changed({ allowNonBrowserClients: 1 })],
    ['issuer', () => changed({ issuer: '' })],
    ['algorithms', () => changed({ algorithms: [] })],
    ['algorithms', () => changed({ algorithms: ['none'] })],
    ['algorithms', () => changed({ algorithms: ['HS256'] })],
    ['algorithms', () => changed({ algorithms: 'RS256' })],
    ['clientState', () => changed({ clientState: 'on' })],
    ['clientState', () => changed({ clientState: { name: 'x' } })],
    ['clientState.cookieName', () => changed({ clientState: { cookieName: 'a b' } })],
    ['onEvent', () => changed({ onEvent: console })],
    ['clientState', () => changed({ clientState: null })],
    ['allowedOrigins', () => changed({ allowedOrigins: null })],
    ['allowNonBrowserClients', () => changed({ allowNonBrowserClients: null })],
    ['authorizeConnectToken', () => changed({ authorizeConnectToken: null })],
    ['rateLimit', () => changed({ rateLimit: null })],
    ['routes', () => changed({ routes: null })],
    ['tokenTypes', () => changed({ tokenTypes: null })],
    ['CORBADO_PROJECT_ID', () => changed({ client: undefined })],
    ['client', () => changed({ client: null })],
    ['client', () => changed({ client: 'pro-1' })],
    ['projectID', () => client({ projectID: 'pro-1' })],
    ['projectId', () => client({ projectId: 'pro:1' })],
    ['projectId', () => client({ projectId: 'corbado1_abc', apiSecret: 'pro-1' })],
    ['projectId', () => client({ projectId: 'pro-1\r\nx: y' })],
    ['projectId', () => client({ projectId: '' })],
    ['projectId', () => client({ projectId: 'prö-1' })],
    ['apiSecret', () => client({ apiSecret: undefined })],
    ['apiKey', () => client({ apiKey: canary })],
    ['apiSecret', () => client({ apiSecret: '' })],
    ['apiSecret', () => client({ apiSecret: ' ' })],
    ['apiSecret', () => client({ apiSecret: `${canary}\n` })],
    ['apiSecret', () => client({ apiSecret: `${canary}\u00fc` })],
    ['apiKey', () => client({ apiSecret: undefined, apiKey: canary })],
    ['backendApi', () => client({ backendApi: 'backendapi.corbado.io' })],
    ['backendApi', () => client({ backendApi: 'https://backendapi.cloud.corbado.io/v2' })],
    ['backendApi', () => client({ backendApi: 'https://backendapi.cloud.corbado.io/?' })],
    ['backendApi', () => client({ backendApi: 'http://backendapi.cloud.corbado.io' })],
    ['backendApi', () => client({ backendApi: 'https://user:canary@backendapi.cloud.corbado.io' })],
    ['backendApi', () => client({ backendApi: 'ftp://localhost' })],
    ['timeoutMs', () => client({ timeoutMs: 0 })],
    ['timeoutMs', () => client({ timeoutMs: '5s' })],
    ['verifySignedDataPath', () => client({ verifySignedDataPath: 'v2/passkey' })],
    ['verifySignedDataPath', () => client({ verifySignedDataPath: '/v2/../x' })],
    ['dispatcher', () => client({ dispatcher: {} })],
    ['cookieSession.secret', () => changed({ session: cookieSession({ secret: 'canary' }) })],
    ['cookieSession', () => changed({ session: cookieSession({ secret: undefined }) })],
    ['cookieSession', () => changed({ session: cookieSession({ secret, keys: [secret] }) })],
    ['cookieSession.keys', () => changed({ session: cookieSession({ keys: [] }) })],
    ['cookieSession.keys', () => changed({ session: cookieSession({ keys: [secret, secret] }) })],
    ['cookieSession.ttlSeconds', () => changed({ session: cookieSession({ secret, ttlSeconds: 0 }) })],
    ['cookieSession.cookieName', () => changed({ session: cookieSession({ secret, cookieName: 'a;b' }) })],
    ['maxAge', () => changed({ session: cookieSession(Object.assign({ secret }, { maxAge: 1 })) })],
    ['cookieName', () => changed({ session: accessTokenSession(Object.assign({ secret }, { cookieName: 'x' })) })],
    [
      'accessTokenSession.isRevoked',
      () => changed({ session: accessTokenSession({ secret, ...JSON.parse('{"isRevoked":true}') }) }),
    ],
    [
      'browserOrNative.native',
      () =>
        changed({
          session: browserOrNative(
            JSON.parse('{"browser":null,"native":null}', (name, value) =>
              name === 'browser' ? cookieSession({ secret }) : value,
            ),
          ),
        }),
    ],
  ]
  for (const [index, [name, options]] of rows.entries()) {
    const error: unknown = await Promise.resolve()
      .then(() => framework.start(options()))
      .then(
        (app) => app.close(),
        (thrown: unknown) => thrown,
      )
    t.ok(error instanceof TypeError, `${index} ${name}`)
    const message = error instanceof Error ? error.message : 'it started'
    t.ok(message.includes(name) || message.includes(`${name.replace('.', ': `')}\``), `${name}: ${message}`)
    t.notMatch(message, 'canary', 'no value of a credential')
    const [, heading] = / See https:\/\/\S+\/docs\/options\.md#(\S+)$/.exec(message) ?? []
    if (name !== 'CORBADO_PROJECT_ID') t.ok(headings.includes(heading ?? ''), `${name} links its heading: ${message}`)
    see(`${index} ${name}`, message)
  }
})

contract('an insecure cookie is refused in production', async ({ t, see }) => {
  t.intercept(process, 'env', { value: { ...process.env, NODE_ENV: 'production' } })
  t.throws(() => cookieSession({ secret, insecureCookie: true }), { name: 'TypeError', message: /insecureCookie/ })
  see('refused', true)
})

contract('the options stay as they are', async ({ t, start, see }) => {
  const options = changed({
    session: Object.freeze({ getUser: () => null, createSession: () => ({ success: true }) }),
    routes: Object.freeze({ verify: '/login' }),
    tokenTypes: Object.freeze(['passkey-list']),
    allowedOrigins: Object.freeze(['https://app.example.com']),
    algorithms: Object.freeze(['RS256']),
    rateLimit: Object.freeze({ verify: Object.freeze({ max: 5, windowMs: 1000 }) }),
    client: Object.freeze(clientFor(upstream)),
  })
  const before = inspect(options, { depth: 9, showHidden: true })
  const app = await start(Object.freeze(options))
  const signedPasskeyData = await upstream.signIn(ada.identifier)
  const answer = await send(app, { path: '/auth/login', body: { signedPasskeyData } })
  t.equal(answer.status, 200)
  t.equal(inspect(options, { depth: 9, showHidden: true }), before)
  see('answer', answer.json)
})

contract('issuer and algorithms', async ({ t, start, see, refused }) => {
  const other = await start(optionsFor(upstream, { issuer: 'https://issuer.example', algorithms: ['RS256', 'ES256'] }))
  refused(
    'the project is no issuer any more',
    await logIn(other, await upstream.signIn(ada.identifier)),
    'PASSKEY_REJECTED',
  )
  upstream.reset()
  const fault = upstream.fault({
    route: 'passkeys.verifySignedData',
    kind: 'status',
    status: 200,
    body: { verificationResult: 'success' },
  })
  const overrides = { claims: { iss: 'https://issuer.example' }, header: { alg: 'ES256' } }
  const answer = await logIn(other, await upstream.signIn(ada.identifier, overrides))
  fault.remove()
  t.equal(answer.status, 200)
  see('answer', answer.json)
})

contract('both spellings of the path, and an API key', async ({ t, start, see }) => {
  const { projectId, apiKey, url } = upstream
  const app = await start(
    optionsFor(upstream, {
      client: { projectId, apiKey, backendApi: `${url}/`, verifySignedDataPath: '/v2/passkeys/verifySignedData' },
    }),
  )
  upstream.reset()
  const answer = await logIn(app, await upstream.signIn(ada.identifier))
  t.equal(answer.status, 200)
  t.match(upstream.requests().at(-1), { path: '/v2/passkeys/verifySignedData', headers: { authorization: 'Bearer …' } })
  see('answer', answer.json)
})

contract('clientState', async ({ t, start, see, refused }) => {
  const on = await start(optionsFor(upstream, { clientState: true, session: cookieSession({ secret }) }))
  const off = await start(optionsFor(upstream, { session: cookieSession({ secret }) }))
  const submit = async (app: { port: number }, clientState: unknown, signedPasskeyData?: string) =>
    send(app, {
      path: verifyPath,
      body: { signedPasskeyData: signedPasskeyData ?? (await upstream.signIn(ada.identifier)), clientState },
    })
  const state = Buffer.from('{"any":"state?>~"}').toString('base64')

  const kept = await submit(on, state)
  t.equal(setCookies(kept).length, 2, 'beside the session')
  const cookie = setCookies(kept).find((header) => header.startsWith('__Host-cbo_client_state=')) ?? ''
  t.strictSame(cookie.split('; ').slice(1).sort(), ['HttpOnly', 'Max-Age=31536000', 'Path=/', 'SameSite=Lax', 'Secure'])
  see('cookie', cookie)
  const pair = cookie.split(';', 1)[0] ?? ''
  const read = await send(on, { method: 'GET', path: '/client-state', headers: { ...browser, cookie: pair } })
  t.strictSame(read.json, { clientState: state }, 'readClientState gives it back')
  const none = await send(on, { method: 'GET', path: '/client-state' })
  t.strictSame(none.json, { clientState: null })
  const longest = await submit(on, 'x'.repeat(3072))
  t.equal(setCookies(longest).length, 2, '3 KB are kept')
  for (const nothing of [undefined, null, '']) {
    t.equal(setCookies(await submit(on, nothing)).length, 1, `${nothing} is none`)
  }
  for (const opaque of ['a b', 'a;b', 'a"b', 'a\nb', 'a%20b', 'ü', '<script>']) {
    const answer = await submit(on, opaque)
    const kept = setCookies(answer).find((header) => header.startsWith('__Host-cbo_client_state=')) ?? ''
    const headers = { ...browser, cookie: kept.split(';', 1)[0] ?? '' }
    const { json } = await send(on, { method: 'GET', path: '/client-state', headers })
    t.strictSame(json, { clientState: opaque }, `${JSON.stringify(opaque)} comes back as it was`)
  }

  const before = upstream.count()
  for (const wrong of ['x'.repeat(3073), 'ü'.repeat(1000), '\ud800', 7, true, {}, ['x']]) {
    const token = await upstream.signIn(ada.identifier)
    refused(`wrong: ${JSON.stringify(wrong).slice(0, 20)}`, await submit(on, wrong, token), 'INVALID_REQUEST')
  }
  t.equal(upstream.count(), before)
  const stranger = await upstream.signIn(ada.identifier, { signedBy: 'stranger' })
  refused('a refused login', await submit(on, state, stranger), 'PASSKEY_REJECTED')
  const ignored = await submit(off, { any: 'thing' })
  t.strictSame([ignored.status, setCookies(ignored).length], [200, 1], 'off by default: ignored')
  see('ignored', comparable(ignored))
})

contract('clientState under another name, for a second project', async ({ t, start, see }) => {
  const app = await start(
    optionsFor(upstream, { clientState: { cookieName: 'second' }, session: cookieSession({ secret }) }),
  )
  const body = { signedPasskeyData: await upstream.signIn(ada.identifier), clientState: 'kept' }
  const cookie = setCookies(await send(app, { path: verifyPath, body })).find((header) =>
    header.startsWith('__Host-second='),
  )
  t.match(cookie, '__Host-second=kept; ')
  const headers = { ...browser, cookie: '__Host-second=kept; __Host-cbo_client_state=of-the-other' }
  const read = await send(app, { method: 'GET', path: '/client-state', headers })
  t.strictSame(read.json, { clientState: 'kept' })
  see('cookie', cookie)
})

contract('hooks of a class, with fields of its own', async ({ t, start, see }) => {
  const app = await start(optionsFor(upstream, { session: new HeaderSession() }))
  const answer = await askForToken(app, ada.identifier)
  t.equal(answer.status, 200)
  see('answer', answer.status)
})
contract('routes and prefix', async ({ t, start, see }) => {
  const renamed = await start(
    optionsFor(upstream, { prefix: '/api/passkeys', routes: { connectToken: '/token', verify: '/login' } }),
  )
  const partial = await start(optionsFor(upstream, { prefix: '', routes: { verify: false } }))
  const seen: number[] = []
  for (const [app, path] of [
    [renamed, '/api/passkeys/token'],
    [renamed, '/auth/createConnectToken'],
    [renamed, '/api/passkeys/login'],
    [partial, '/createConnectToken'],
    [partial, '/verifySignedPasskeyData'],
  ] as const) {
    const headers = { ...browser, 'x-test-user': ada.identifier }
    seen.push((await send(app, { path, headers, body: { type: 'passkey-list' } })).status)
  }
  t.strictSame(seen, [200, 404, 400, 200, 404])
  see('statuses', seen)
})

contract('two projects in one application', async ({ t, start, see }) => {
  const other = await startEmulator({ projectId: 'pro-2' })
  t.teardown(() => other.close())
  const limits = { rateLimit: { verify: { max: 3, windowMs: 60_000 } } }
  const ofOther = { prefix: '/second', session: cookieSession({ secret, cookieName: 'second' }), ...limits }
  const app = await start(optionsFor(upstream, { session: cookieSession({ secret }), ...limits }), {
    second: optionsFor(other, ofOther),
  })
  upstream.reset()
  const secondVerify = '/second/verifySignedPasskeyData'
  const [ours, theirs] = [await upstream.signIn(ada.identifier), await other.signIn(ada.identifier)]
  const submit = (path: string, signedPasskeyData: string) => send(app, { path, body: { signedPasskeyData } })
  const crossed = [await submit(verifyPath, theirs), await submit(secondVerify, ours)].map(({ status }) => status)
  t.strictSame(
    [crossed, upstream.count(), other.count()],
    [[401, 401], 0, 0],
    'a token of the one is nothing to the other',
  )
  const first = await submit(verifyPath, ours)
  const second = await submit(secondVerify, theirs)
  t.strictSame([first.status, second.status, upstream.count(), other.count()], [200, 200, 1, 1])
  t.match([setCookies(first)[0], setCookies(second)[0]], [/^__Host-corbado_connect_session=/, /^__Host-second=/])
  const cookie = setCookies(first)[0]?.split(';', 1)[0] ?? ''
  const asking = { headers: { ...browser, cookie }, body: { type: 'passkey-list' } }
  const tokens = [
    await send(app, { path: '/auth/createConnectToken', ...asking }),
    await send(app, { path: '/second/createConnectToken', ...asking }),
  ].map(({ status }) => status)
  t.strictSame(tokens, [200, 401], 'nor is a session')
  const limited = [await submit(verifyPath, ''), await submit(verifyPath, ''), await submit(secondVerify, '')]
  const statuses = limited.map(({ status }) => status)
  t.strictSame(statuses, [400, 429, 400], 'and each counts for itself')
  see('statuses', [crossed, tokens, statuses])
})
