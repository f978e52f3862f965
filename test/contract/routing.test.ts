import type { OutgoingHttpHeaders } from 'node:http'
import { startEmulator } from '@corbado-connect/emulator'
import type { HttpContext } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, HeaderSession } from '../support/people.js'
import { askForToken, browser, connectTokenPath, openSocket, send, verifyPath } from '../support/requests.js'
import { express4, frameworks } from '../support/servers.js'
import { contract, creations, optionsFor } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const routes = [connectTokenPath, verifyPath]
const asAda = { ...browser, 'x-test-user': ada.identifier }

t.test('the three frameworks are what they are called', async (t) => {
  t.match(express4.version, /^4\./, 'version of Express')
  const [, on5, on4] = frameworks.map(({ adapter }) => adapter)
  const options = optionsFor(upstream)
  const router4 = express4.adapter.corbadoConnect(options)
  t.equal(Object.getPrototypeOf(router4), express4.express.Router, "a router of Express 4's own kind")
  t.equal(on4, express4.adapter)
  t.not(on5, on4, 'two copies of the adapter')
  await router4.close()
})

contract('order of checks', async ({ t, start, refused }) => {
  const app = await start(optionsFor(upstream))
  const before = upstream.count()
  const foreign = { 'sec-fetch-site': 'cross-site' }
  const post = (path: string, headers: OutgoingHttpHeaders, body?: unknown) => send(app, { path, headers, body })

  for (const path of routes) {
    refused(
      `${path}: origin before everything`,
      await post(path, { ...foreign, 'content-type': 'text/plain' }, '{'),
      'ORIGIN_NOT_ALLOWED',
    )
    refused(`${path}: origin of an empty request`, await post(path, foreign), 'ORIGIN_NOT_ALLOWED')
  }
  refused(
    '401 before 415',
    await post(connectTokenPath, { ...browser, 'content-type': 'text/plain' }, 'x'),
    'NOT_AUTHENTICATED',
  )
  refused('401 before 400', await post(connectTokenPath, browser, '{'), 'NOT_AUTHENTICATED')
  refused('401 before 413', await post(connectTokenPath, browser, 'x'.repeat(20_000)), 'NOT_AUTHENTICATED')
  refused(
    '415 before 400',
    await post(verifyPath, { ...browser, 'content-type': 'text/plain' }, '{'),
    'UNSUPPORTED_MEDIA_TYPE',
  )
  refused(
    '415 before 413',
    await post(verifyPath, { ...browser, 'content-type': 'text/plain' }, 'x'.repeat(20_000)),
    'UNSUPPORTED_MEDIA_TYPE',
  )
  refused('400 before the type', await askForToken(app, ada.identifier, { type: 7 }), 'INVALID_REQUEST')
  t.equal(upstream.count(), before, 'nothing reached upstream')
})

contract('the type comes before authorizeConnectToken', async ({ t, start, refused }) => {
  const asked: string[] = []
  const app = await start(
    optionsFor(upstream, {
      tokenTypes: ['passkey-list'],
      authorizeConnectToken({ type }) {
        asked.push(type)
        return false
      },
    }),
  )
  refused('type', await askForToken(app, ada.identifier, { type: 'passkey-append' }), 'TYPE_NOT_ALLOWED')
  t.strictSame(asked, [], 'not asked for a type that is off')
  refused('veto', await askForToken(app, ada.identifier, { type: 'passkey-list' }), 'NOT_AUTHORIZED')
  t.strictSame(asked, ['passkey-list'])
})

contract('paths and methods', async ({ t, start, see }) => {
  const app = await start(optionsFor(upstream))
  const before = upstream.count()
  const paths = [
    '/auth/CreateConnectToken',
    '/AUTH/createConnectToken',
    '/auth/createConnectToken/',
    '/auth//createConnectToken',
    '//auth/createConnectToken',
    '/auth/%63reateConnectToken',
    '/%61uth/createConnectToken',
    '/auth/createConnectToken%2f',
    '/auth/createConnectToken;a=b',
    '/auth/./createConnectToken',
    '/auth/x/../createConnectToken',
    '/auth/createConnectToken%00',
    '/auth/createConnectTokens',
    '/auth',
    '/auth/VerifySignedPasskeyData',
    '/auth/verifySignedPasskeyData/',
    '/auth/%76erifySignedPasskeyData',
  ]
  for (const path of paths) {
    const answer = await send(app, {
      path,
      headers: asAda,
      body: { type: 'passkey-list', signedPasskeyData: 'canary' },
    })
    t.equal(answer.status, 404, path)
    t.notOk(answer.text.includes('canary'), `${path}: nothing of the body in the page`)
    see(path, answer.status)
  }
  for (const path of routes) {
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'TRACE']) {
      const answer = await send(app, { method, path, headers: asAda })
      t.equal(answer.status, 404, `${method} ${path}`)
      see(`${method} ${path}`, answer.status)
    }
    const preflight = await send(app, {
      method: 'OPTIONS',
      path,
      headers: {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
    see(`preflight ${path}`, preflight.status)
    t.ok([204, 404, 405].includes(preflight.status), `preflight ${preflight.status}`)
    t.strictSame(
      Object.keys(preflight.headers).filter((name) => name.startsWith('access-control')),
      [],
      'no CORS',
    )
  }
  t.equal(upstream.count(), before, 'nothing reached upstream')
  const query = await send(app, {
    path: `${connectTokenPath}?type=passkey-append`,
    headers: asAda,
    body: { type: 'passkey-list' },
  })
  t.equal(query.status, 200, 'a query is no part of the path')
  t.equal(upstream.requests({ route: 'connectTokens.create' }).at(-1)?.body instanceof Object, true)
  t.match(
    upstream.requests({ route: 'connectTokens.create' }).at(-1)?.body,
    { type: 'passkey-list' },
    'nor of the request',
  )
})

contract('parameters in the prefix', async ({ t, start, see }) => {
  const tenants: unknown[] = []
  const session = Object.assign(new HeaderSession(), {
    createSession(_login: unknown, context: HttpContext) {
      const { request, req }: HttpContext & { request?: unknown; req?: unknown } = context
      tenants.push(Reflect.get(Object(request ?? req), 'params')?.tenant)
      return {}
    },
  })
  const app = await start(optionsFor(upstream, { session, prefix: '/:tenant/auth' }))
  for (const [tenant, expected] of [
    ['acme', 'acme'],
    ['Acme', 'Acme'],
    ['a%20b', 'a b'],
    ['%C3%BC', 'ü'],
    ['__proto__', '__proto__'],
  ] as const) {
    const path = `/${tenant}${verifyPath}`
    const answer = await send(app, { path, body: { signedPasskeyData: await upstream.signIn(ada.identifier) } })
    t.equal(answer.status, 200, path)
    t.strictSame(tenants.splice(0), [expected], 'the hook reads the parameter')
    see(path, answer.status)
    const token = await send(app, {
      path: `/${tenant}${connectTokenPath}?a=b`,
      headers: asAda,
      body: { type: 'passkey-list' },
    })
    t.equal(token.status, 200)
    see(`token ${path}`, token.status)
  }
  for (const path of [
    verifyPath,
    `/${verifyPath}`,
    `/acme/x${verifyPath}`,
    '/acme/Auth/verifySignedPasskeyData',
    '/acme/auth/verifySignedPasskeyData/',
    '/acme/auth/%76erifySignedPasskeyData',
    '/acme/%61uth/verifySignedPasskeyData',
    '/acme/auth/VerifySignedPasskeyData',
  ]) {
    const answer = await send(app, { path, body: { signedPasskeyData: 'a.b.c' } })
    t.equal(answer.status, 404, path)
    see(path, answer.status)
  }
})

contract('requests that are no HTTP', async ({ t, start, see }) => {
  const app = await start(optionsFor(upstream))
  const before = upstream.count()
  const head = `POST ${verifyPath} HTTP/1.1\r\n`
  const broken: [name: string, bytes: string][] = [
    ['length and chunks', `${head}Host: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${head}Host: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['folded header', `${head}Host: x\r\nA: b\r\n c\r\n : d\r\n\r\n`],
    ['no host', `${head}Content-Length: 2\r\n\r\n{}`],
    ['bad chunk size', `${head}Host: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`],
    ['space before the colon', `${head}Host: x\r\nContent-Length : 2\r\n\r\n{}`],
  ]
  for (const [name, bytes] of broken) {
    const socket = openSocket(app.port)
    socket.write(bytes)
    const status = (await socket.closed).slice(0, 12)
    t.equal(status, 'HTTP/1.1 400', name)
    see(name, status)
  }
  t.equal(upstream.count(), before)
})

contract('origins', async ({ t, start, see, refused }) => {
  const listed = 'https://app.example.com'
  const strict = await start(optionsFor(upstream))
  const open = await start(
    optionsFor(upstream, { allowedOrigins: [listed, 'capacitor://localhost'], allowNonBrowserClients: true }),
  )
  type Row = [headers: Record<string, string | string[]>, strict: boolean, open: boolean]
  const rows: Row[] = [
    [{}, false, true],
    [{ 'sec-fetch-site': 'same-origin' }, true, true],
    [{ 'sec-fetch-site': 'none' }, true, true],
    [{ 'sec-fetch-site': 'same-site' }, false, false],
    [{ 'sec-fetch-site': 'cross-site' }, false, false],
    [{ 'sec-fetch-site': 'Same-Origin' }, false, false],
    [{ 'sec-fetch-site': '' }, false, false],
    [{ 'sec-fetch-site': ['same-origin', 'cross-site'] }, false, false],
    [{ 'sec-fetch-site': ['same-origin', 'same-origin'] }, false, false],
    [{ origin: listed }, false, true],
    [{ origin: listed, 'sec-fetch-site': 'cross-site' }, false, true],
    [{ origin: listed, 'sec-fetch-site': 'same-site' }, false, true],
    [{ origin: listed, 'sec-fetch-site': 'same-origin' }, true, true],
    [{ origin: 'capacitor://localhost' }, false, true],
    [{ origin: 'https://evil.example' }, false, false],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false, false],
    // A page of this very origin: the browser says so, and Origin is the address that it sees before any proxy.
    [{ origin: 'https://shop.example', 'sec-fetch-site': 'same-origin' }, true, true],
    [{ origin: 'null' }, false, false],
    [{ origin: 'null', 'sec-fetch-site': 'same-origin' }, false, false],
    [{ origin: '' }, false, false],
    [{ origin: '', 'sec-fetch-site': 'same-origin' }, false, false],
    [{ origin: [listed, 'https://evil.example'] }, false, false],
    [{ origin: [listed, listed] }, false, false],
    [{ origin: [listed, listed], 'sec-fetch-site': 'same-origin' }, false, false],
    [{ origin: `${listed}, https://evil.example`, 'sec-fetch-site': 'same-origin' }, false, false],
    [{ origin: `${listed}:444` }, false, false],
    [{ origin: `${listed}:443` }, false, false],
    [{ origin: 'http://app.example.com' }, false, false],
    [{ origin: 'https://app.example.com.' }, false, false],
    [{ origin: 'https://user@app.example.com' }, false, false],
    [{ origin: 'https://app.example.com.evil.example' }, false, false],
    [{ origin: 'https://app.example.evil' }, false, false],
    [{ origin: 'https://APP.example.com' }, false, false],
    [{ origin: 'HTTPS://app.example.com' }, false, false],
    [{ origin: `${listed}/` }, false, false],
    [{ origin: `${listed}/path` }, false, false],
    [{ origin: `${listed}/`, 'sec-fetch-site': 'same-origin' }, false, false],
    [{ origin: 'app.example.com' }, false, false],
    [{ origin: '*' }, false, false],
  ]
  for (const [headers, inStrict, inOpen] of rows) {
    for (const [name, app, passes] of [
      ['strict', strict, inStrict],
      ['open', open, inOpen],
    ] as const) {
      const title = `${name} ${JSON.stringify(headers)}`
      const created = creations(upstream)
      const answer = await send(app, {
        path: connectTokenPath,
        headers: { ...headers, 'x-test-user': ada.identifier },
        body: { type: 'passkey-list' },
      })
      const login = await send(app, { path: verifyPath, headers, body: { signedPasskeyData: 'no token' } })
      const logout = await send(app, { path: '/logout', headers })
      if (passes) {
        t.strictSame([answer.status, login.status], [200, 400], title)
        t.not(logout.status, 403, `${title}: requireAllowedOrigin`)
        see(title, [answer.status, login.status, logout.status])
      } else {
        refused(title, answer, 'ORIGIN_NOT_ALLOWED')
        refused(`${title}: verify`, login, 'ORIGIN_NOT_ALLOWED')
        refused(`${title}: requireAllowedOrigin`, logout, 'ORIGIN_NOT_ALLOWED')
        t.equal(creations(upstream), created, 'nothing reached upstream')
      }
      t.strictSame(
        Object.keys(answer.headers).filter((header) => header.startsWith('access-control')),
        [],
        'no CORS',
      )
    }
  }
})
