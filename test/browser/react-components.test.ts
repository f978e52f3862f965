import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request as httpRequest } from 'node:http'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { startEmulator } from '@corbado-connect/emulator'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium, noChromium, openPasskeyPage } from '../support/chromium.js'
import { People, type Person } from '../support/people.js'
import { type Framework, frameworks } from '../support/servers.js'

const jane: Person = { identifier: 'jane@example.com', displayName: 'Jane Doe' }
const noPasskey = 'There is currently no passkey saved for this account'

/** Corbado's components with the newest browser client, which they are handed: their own is too old for a custom domain. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../browser/react-page.jsx', import.meta.url))],
    alias: { '@corbado/web-core': createRequire(import.meta.url).resolve('@corbado/web-core') },
    define: { 'process.env.NODE_ENV': '"production"' },
    jsx: 'automatic',
    bundle: true,
    write: false,
    logLevel: 'error',
  })
  return outputFiles[0]?.text ?? ''
}

/** Serves these files, and everything else from the application's port, as a web server in front of it does. */
async function serve(t: Test, port: number, files: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    const { method, headers, url: path = '' } = request
    const file = files[path.split('?')[0] ?? '']
    if (file !== undefined) {
      const type = path.startsWith('/page.js') ? 'text/javascript' : 'text/html'
      return response.setHeader('content-type', type).end(file)
    }
    const passedOn = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers))
    })
    passedOn.on('error', () => response.destroy())
    return request.pipe(passedOn)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  // A passkey's relying party is a name: 127.0.0.1 cannot be one.
  return `http://localhost:${typeof address === 'object' ? address?.port : ''}`
}

/** One application whose page shows one component at a time, in one browser with one device. */
async function openApp(t: Test, framework: Framework, browser: Browser, script: string) {
  const corbado = await startEmulator()
  t.teardown(() => corbado.close())
  const app = await framework.start({
    client: { projectId: corbado.projectId, apiSecret: corbado.apiSecret, backendApi: corbado.url },
    session: framework.adapter.cookieSession({ secret: randomBytes(32).toString('hex') }),
    findUser: new People(jane).find,
  })
  t.teardown(() => app.close())
  const config = JSON.stringify({ projectId: corbado.projectId, frontendApi: corbado.browserUrl })
  const origin = await serve(t, app.port, {
    // One load in a thousand would send a beacon to the maker of the fingerprint: the first line switches that off.
    '/': `<!doctype html><html lang="en"><title>App</title><link rel="icon" href="data:,">
      <script>window.__fpjs_d_m = true; window.corbado = ${config}</script>
      <div id="root"></div><script src="/page.js"></script>`,
    '/page.js': script,
  })
  corbado.setAllowedOrigins([origin])
  const device = await openPasskeyPage(browser)
  t.teardown(() => device.context.close())
  const { page } = device
  page.setDefaultTimeout(10_000)
  const contacted = new Set<string>()
  page.on('request', (request) => contacted.add(new URL(request.url()).origin))

  await page.route('https://fonts.googleapis.com/**', (route) => route.abort())

  const post = (path: string, body: object): Promise<number> =>
    page.evaluate(
      async ([path, body]) => {
        const headers = { 'content-type': 'application/json' }
        return (await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) })).status
      },
      [path, body] as const,
    )
  return {
    corbado,
    page,
    contacted: () => [...contacted].sort(),
    origin,
    show: (component: 'login' | 'append' | 'list', more = '') => page.goto(`${origin}/?show=${component}${more}`),
    signIn: () => post('/login', { identifier: jane.identifier }),
    signOut: () => post('/logout', {}),
    /** Whose session the browser has. */
    me: () => page.evaluate(async () => (await fetch('/me')).json()),
  }
}

/** Waits until the components have told the application this. */
async function told(page: Page, what: string): Promise<unknown> {
  const found = await page.waitForFunction(
    (what) => Reflect.get(window, 'told').find(([first]: [string]) => first === what),
    what,
  )
  return found.jsonValue()
}

const click = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()

// A busy machine may take a minute for both adapters.
t.setTimeout(240_000)

t.test('Corbado’s React components against the emulator', { skip: noChromium, timeout: 180_000 }, async (t) => {
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const script = await bundle()

  // Both adapters; what differs between Express 4 and 5 is not seen from a browser.
  for (const framework of frameworks.filter(({ name }) => name !== 'Express 4')) {
    t.test(framework.name, { timeout: 90_000 }, async (t) => {
      const { corbado, page, contacted, origin, show, signIn, signOut, me } = await openApp(
        t,
        framework,
        browser,
        script,
      )
      const tokens = (type: string): number =>
        corbado.requests({ route: 'connectTokens.create' }).filter(({ body }) => Object(body).type === type).length
      /** The claims of the latest signedPasskeyData that the page has posted to the application. */
      const login = async (during: () => Promise<void>): Promise<unknown> => {
        const posted = page.waitForRequest('**/auth/verifySignedPasskeyData')
        await during()
        await told(page, 'signed in')
        const { signedPasskeyData } = (await posted).postDataJSON()
        return JSON.parse(Buffer.from(signedPasskeyData.split('.')[1], 'base64url').toString())
      }

      await show('append')
      t.equal(await signIn(), 200)
      await show('append')
      await click(page, 'Activate passkey')
      await click(page, 'Continue')
      await told(page, 'appended')
      t.equal(corbado.passkeys(jane.identifier).length, 1, 'Append creates a passkey')

      await signOut()
      await show('login')
      await page.getByText('Welcome back').waitFor()
      const oneTap = await login(() => page.getByRole('button', { name: /Login with passkey/ }).click())
      t.match(oneTap, { webauthnId: jane.identifier, isCUI: false }, 'Login: one tap')
      t.match(await me(), jane)

      await signOut()
      await show('login', '&autofill=off')
      await page.getByText('Switch Account').click()
      await page.getByLabel('Email address').fill(jane.identifier)
      const typed = await login(() => click(page, 'Login'))
      t.match(typed, { webauthnId: jane.identifier, isCUI: false }, 'Login: a typed address')
      t.match(await me(), jane)

      await signOut()
      await show('login', '&autofill=off')
      await page.getByText('Switch Account').click()
      // Now the browser does not know any more who signed in last, so the field is empty.
      await show('login', '&autofill=off')
      await page.getByLabel('Email address').fill('nobody@example.com')
      await click(page, 'Login')
      t.same(await told(page, 'fallback'), ['fallback', 'nobody@example.com'], 'Login: an unknown user')
      t.match(corbado.requests({ route: 'login.start' }).at(-1)?.body, { identifier: 'nobody@example.com' })

      // For the same reason the autofill is offered now, and the device takes it at once.
      const autofill = await login(async () => void (await show('login')))
      t.match(autofill, { webauthnId: jane.identifier, isCUI: true }, 'Login: autofill')
      t.match(await me(), jane)

      const before = tokens('passkey-list')
      const items = page.locator('.cb-passkey-list-item')
      const deleteOnly = async (): Promise<void> => {
        await items.locator('.cb-passkey-list-item-delete-icon .cb-link-button').click()
        await click(page, 'Delete')
        await page.getByText(noPasskey).waitFor()
        await page.locator('.cb-modal').waitFor({ state: 'detached' })
      }
      await show('list')
      await items.waitFor()
      t.equal(await items.count(), 1, 'PasskeyList: shows the passkey')
      await deleteOnly()
      t.equal(corbado.passkeys().length, 0, 'PasskeyList: deletes it')
      await click(page, 'Add a passkey')
      await items.waitFor()
      t.equal(corbado.passkeys().length, 1, 'PasskeyList: adds one')
      await deleteOnly()
      t.equal(corbado.passkeys().length, 0, 'PasskeyList: deletes that one too')
      t.equal(tokens('passkey-list') - before, 1, 'PasskeyList: lists four times with one token')
      t.equal(tokens('passkey-delete'), 2)
      t.equal(corbado.count({ route: 'manage.list' }), 4)

      t.same(
        corbado.requests().filter(({ warning, status }) => warning !== null || (status ?? 500) >= 400),
        [],
        'every request names its process and succeeds',
      )
      t.strictSame(
        contacted().filter((one) => one !== 'https://fonts.googleapis.com' && one !== 'null'),
        [corbado.browserUrl, origin].sort(),
        'nothing else is contacted',
      )
    })
  }
})
