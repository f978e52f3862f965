import { get } from 'node:http'
import { createRequire } from 'node:module'
import { type Emulator, startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { launchChromium, noChromium } from '../support/chromium.js'
import { createAuthenticator } from './authenticator.js'
import { caller, type Json, parse, rawRequest, textOf } from './http.js'

const userId = '0b9c8f0e-6f4e-4c52-9a51-2f1d7a0b3c4d'
const hostileName = '<img src=x onerror="document.title=1">'

/** The messages of the live stream, as they come. */
function follow(
  url: string,
  headers: Record<string, string> = {},
): { until(text: string): Promise<Json>; end(): void } {
  const messages: Json[] = []
  let wake = (): void => {}
  const request = get(`${url}/live`, { headers, agent: false }, (response) => {
    let text = ''
    response.on('data', (chunk: Buffer) => {
      text += chunk
      const parts = text.split('\n\n')
      text = parts.pop() ?? ''
      for (const part of parts) messages.push(parse(part.replace(/^data: /, '')))
      wake()
    })
  })
  request.on('error', () => {})
  return {
    /** The first message with this text in it; how many come before depends on the time. */
    async until(text) {
      for (;;) {
        const found = messages.splice(0).find((message) => JSON.stringify(message).includes(text))
        if (found !== undefined) return found
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    end: () => request.destroy(),
  }
}

/** As a browser on an allowed page would. */
async function addPasskey(emulator: Emulator, identifier = 'jane', displayName = 'Jane'): Promise<void> {
  const origin = 'http://localhost:3000'
  emulator.setAllowedOrigins([origin])
  const call = caller(emulator)
  const headers = { origin, 'x-corbado-projectid': emulator.projectId }
  const data = { identifier, displayName }
  const token = textOf((await call('POST', '/v2/connectTokens', { type: 'passkey-append', data })).json, 'secret')
  await rawRequest(`${emulator.url}/v2/connect/append/start`, 'OPTIONS', { origin })
  const { json } = await call('POST', '/v2/connect/append/start', { appendTokenValue: token, loadedMs: 1 }, headers)
  const attestationResponse = createAuthenticator(origin).create(textOf(json, 'attestationOptions'))
  await call('POST', '/v2/connect/append/finish', { attestationResponse }, headers)
}

t.test('files and headers', async (t) => {
  const emulator = await startEmulator()
  t.teardown(() => emulator.close())
  for (const [path, type] of [
    ['/', 'text/html; charset=utf-8'],
    ['/page.css', 'text/css; charset=utf-8'],
    ['/page.js', 'text/javascript; charset=utf-8'],
  ] as const) {
    const { status, headers, text } = await rawRequest(emulator.url + path, 'GET', {})
    t.equal(status, 200, path)
    t.match(Object.fromEntries(headers), {
      'content-type': type,
      'content-security-policy': /default-src 'none'; script-src 'self'; .*frame-ancestors 'none'/,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    })
    t.ok(text.length > 500)
    t.notMatch(text, /<script>|<style>| on[a-z]+=|innerHTML/, 'nothing inline')
  }
  t.same(emulator.requests(), [], 'looking at the page is not a request to Corbado')
  emulator.fault({ route: '*', kind: 'status', status: 500 })
  t.equal((await rawRequest(emulator.url, 'GET', {})).status, 200, 'and no fault meets it')
})

t.test('the stream tells what happens, and no secret', async (t) => {
  const emulator = await startEmulator({ apiSecret: 'corbado1_mine' })
  t.teardown(() => emulator.close())
  const call = caller(emulator)
  const stream = follow(emulator.url)
  t.match(await stream.until(emulator.projectId), {
    projectId: emulator.projectId,
    connectTokens: [],
    passkeys: [],
    logins: [],
    requests: [],
  })

  emulator.clock.set(60_000)
  const { json } = await call('POST', '/v2/connectTokens', { type: 'passkey-list', data: { identifier: 'jane' } })
  const signedPasskeyData = await emulator.signIn('jane')
  await addPasskey(emulator)
  await call('POST', '/v2/passkey/verifySignedData', { signedPasskeyData, username: 'john' })
  const told = await stream.until('user_mismatch')
  t.match(told, {
    now: 60_000,
    clockStopped: true,
    passkeys: [{ user: 'jane', name: 'Jane', id: /^cre-/, createdMs: 60_000, lastUsedMs: 60_000 }],
    connectTokens: [
      { type: 'passkey-append', status: 'consumed' },
      { id: json.id, type: 'passkey-list', user: 'jane', status: 'initial', expiresMs: 360_000 },
    ],
    logins: [{ user: 'jane', by: 'signIn', verdict: 'user_mismatch' }],
    requests: [
      { method: 'POST', path: '/v2/passkey/verifySignedData', status: 200 },
      { method: 'POST', path: '/v2/connect/append/finish', status: 200, preflight: false, warning: /is missing/ },
      { method: 'POST', path: '/v2/connect/append/start', status: 200, preflight: true },
      { method: 'POST', path: '/v2/connectTokens' },
    ],
  })
  t.notMatch(JSON.stringify(told), 'OPTIONS', 'a preflight is a mark on the request that follows it')
  for (const secret of [textOf(json, 'secret'), signedPasskeyData, 'corbado1_mine', emulator.apiKey]) {
    t.notOk(JSON.stringify(told).includes(secret))
  }
  t.equal((await rawRequest(`${emulator.url}/reset`, 'POST', { origin: emulator.url })).status, 204)
  t.match(await stream.until('"clockStopped":false'), {
    connectTokens: [],
    logins: [],
    requests: [],
    clockStopped: false,
  })
  stream.end()
})

t.test('other pages are refused', async (t) => {
  const emulator = await startEmulator()
  t.teardown(() => emulator.close())
  await emulator.signIn('jane')
  await caller(emulator)('GET', '/v2/connectTokens')
  for (const headers of [
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
    { origin: emulator.browserUrl.replace('http', 'https') },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { host: 'rebound.example', origin: 'http://rebound.example' },
  ]) {
    for (const [method, path] of [
      ['GET', '/live'],
      ['POST', '/reset'],
      ['GET', '/page.js'],
    ] as const) {
      const { status, json } = await rawRequest(emulator.url + path, method, headers)
      t.ok(status === 403 || status === 421, `${method} ${path} ${JSON.stringify(headers)}`)
      t.match(json, { error: { type: 'validation_error' } })
    }
  }
  t.equal((await rawRequest(emulator.url, 'GET', { host: 'rebound.example' })).status, 421)
  t.equal(
    (await rawRequest(emulator.url, 'GET', { 'sec-fetch-site': 'cross-site' })).status,
    200,
    'a link may lead here',
  )
  t.equal(emulator.count(), 1, 'nothing was reset')
})

// Four accessibility checks take a while on a busy machine.
t.setTimeout(120_000)

t.test('in a browser', { skip: noChromium, timeout: 90_000 }, async (t) => {
  const emulator = await startEmulator()
  t.teardown(() => emulator.close())
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const call = caller(emulator)
  await call('POST', '/v2/connectTokens', { type: 'passkey-list', data: { identifier: hostileName } })
  await call('POST', '/v2/connectTokens', { type: 'passkey-list', data: {} })
  await emulator.signIn('jane')
  await addPasskey(emulator, userId, 'Ada Lovelace')
  await rawRequest(`${emulator.url}/v2/connect/login/init`, 'OPTIONS', { origin: 'http://localhost:1' })

  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
  for (const [colorScheme, width] of [
    ['light', 1100],
    ['dark', 1100],
    ['light', 360],
    ['dark', 360],
  ] as const) {
    // bypassCSP: the page's own policy rightly refuses the script that checks it.
    const context = await browser.newContext({ colorScheme, bypassCSP: true, viewport: { width, height: 900 } })
    const page = await context.newPage()
    await page.goto(emulator.browserUrl)
    await page.getByText('not asked yet').waitFor()
    await page.addScriptTag({ path: axe })
    const violations = await page.evaluate(async () => {
      const axe: { run(): Promise<{ violations: { id: string; help: string }[] }> } = Reflect.get(window, 'axe')
      return (await axe.run()).violations.map(({ id, help }) => `${id}: ${help}`)
    })
    t.same(violations, [], `accessible, ${colorScheme}, ${width} px`)
    const taken = await page.evaluate(() => document.documentElement.scrollWidth)
    t.equal(taken, width, `${width} px are enough`)
    await context.close()
  }

  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => problems.push(message.text()))
  await page.goto(emulator.browserUrl)
  await page.getByRole('cell', { name: hostileName, exact: true }).waitFor()
  t.equal(await page.title(), 'Corbado emulator', 'a hostile name is text')
  t.equal(await page.getByRole('status').textContent(), 'Live')

  t.match(await page.getByRole('row', { name: userId }).first().textContent(), `Ada Lovelace${userId}`)
  const requests = page.getByRole('table', { name: 'Recent requests' })
  t.equal(await requests.getByText('after a preflight').count(), 1)
  t.equal(await requests.getByText('OPTIONS /v2/connect/login/init').count(), 1, 'a refused preflight is shown')

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByText('The settings were copied.').waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  t.match(copied, `CORBADO_PROJECT_ID=${emulator.projectId}\n`)

  const body = requests.locator('details').first()
  await body.locator('summary').click()
  await emulator.signIn('late')
  await page.getByRole('cell', { name: 'late' }).waitFor()
  t.ok(
    await body.evaluate((element) => element instanceof HTMLDetailsElement && element.open),
    'an open body stays open',
  )

  emulator.clock.advance(400_000)
  await page.getByText('expired').waitFor()
  await page.getByRole('button', { name: 'Reset' }).click()
  await page.getByText('Everything was reset.').waitFor()
  await page.getByText('None yet. Your server').waitFor()
  t.equal(emulator.count(), 0)
  t.same(problems, [])
})
