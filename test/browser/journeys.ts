import t, { type Test } from 'tap'
import { launchChromium, noChromium } from '../support/chromium.js'
import type { Example } from '../support/example-app.js'
import { bundlePage, type RunningExample, startExample } from './example-app.js'
import { refusals } from './refusals.js'
import { jane, type Visitor, visit } from './visitor.js'

const passkeyName = 'Passkey in Chrome on Linux'

/** Walks through an example app in a real browser. */
export function journeys(example: Example): void {
  t.setTimeout(120_000)
  t.test(`${example} in a browser`, { skip: noChromium }, async (t) => {
    await bundlePage()
    const browser = await launchChromium()
    t.teardown(() => browser.close())

    /** Each scene has its own app, whose rate limits are unused, and a new browser profile. */
    const scene = (name: string, play: (t: Test, visitor: Visitor, app: RunningExample) => Promise<void>) =>
      t.test(name, async (t) => {
        const app = await startExample(t, example)
        const visitor = await visit(browser, app.origin)
        t.teardown(() => visitor.context.close())
        await play(t, visitor, app)
      })

    await scene('from a password to a passkey and back', wholeJourney)
    await scene('tokens and closed prompts', refusals)
    await scene('autofill, also of a passkey that was deleted on another device', autofill)
    await scene('two tabs', twoTabs)
    await scene('outages', outages)
  })
}

async function wholeJourney(t: Test, visitor: Visitor, { corbado }: RunningExample) {
  const { page, device } = visitor
  await visitor.signInWithPassword()
  t.equal(await visitor.heading(), 'Hello, Jane Doe')
  t.ok(await page.getByRole('heading', { name: 'Sign in faster next time' }).isVisible(), 'a passkey is offered')
  t.same(await visitor.passkeys(), [])

  await visitor.createPasskey()
  t.same(await visitor.passkeys(), [passkeyName])
  t.match(await page.locator('#passkeys').textContent(), /Created just now.*Not used yet/)
  t.notOk(await page.getByRole('heading', { name: 'Sign in faster next time' }).isVisible())
  t.equal(await device.passkeyCount(), 1)
  t.match(corbado.passkeys(), [{ identifier: /^[0-9a-f-]{36}$/ }], 'known to Corbado by a stable identifier')

  t.match(await visitor.sessionCookie(), {
    name: '__Host-corbado_connect_session',
    domain: 'localhost',
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
  })

  await visitor.signOut()
  t.equal(await visitor.heading(), 'Sign in')
  t.equal(await visitor.sessionCookie(), undefined)

  await visitor.signInWithPasskey('Sign in with your passkey')
  t.equal(await visitor.heading(), 'Hello, Jane Doe', 'without typing anything')
  t.match(await page.locator('#passkeys').textContent(), /Last used just now/)

  const states = (await visitor.context.cookies()).filter(({ name }) => name === '__Host-cbo_client_state')
  t.match(states, [{ httpOnly: true, secure: true, sameSite: 'Lax', path: '/' }])
  await visitor.signOut()
  await page.evaluate(() => localStorage.clear())
  await visitor.open()
  t.ok(
    await page.getByRole('button', { name: 'Sign in with your passkey' }).isVisible(),
    'the cookie has brought back who signed in last',
  )
  await visitor.unfoldForm()
  await page.getByLabel('E-mail address').fill(jane.email)
  await visitor.autofillOffered()
  await visitor.signInWithPasskey('Sign in with a passkey')
  t.equal(await visitor.heading(), 'Hello, Jane Doe', 'by the address')

  const used = [...visitor.secrets].find((secret) => secret.startsWith('eyJ'))
  t.match(
    await visitor.post('/auth/verifySignedPasskeyData', { signedPasskeyData: used }),
    { status: 409, body: { code: 'CORBADO_TOKEN_ALREADY_USED' } },
    'a token works only once',
  )
  t.match(await page.locator('#acts').textContent(), /has been used before. It did not ask Corbado again/)

  await visitor.click(`Delete ${passkeyName}`)
  await visitor.click('Keep it')
  t.same(await visitor.passkeys(), [passkeyName])
  await visitor.click(`Delete ${passkeyName}`)
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('The passkey was deleted.').waitFor()
  t.same(await visitor.passkeys(), [])
  t.same(corbado.passkeys(), [])
  t.equal(await device.passkeyCount(), 0, 'the device forgets it, too')

  const kinds = [...visitor.secrets].map((secret) => secret.replace(/^(ctk1|eyJ).*/, '$1'))
  t.same([...new Set(kinds)].sort(), ['correct horse battery staple', 'ctk1', 'eyJ'], 'the secrets were seen')
  const kept = (await visitor.stored()) + page.url()
  t.same(
    [...visitor.secrets].filter((secret) => kept.includes(secret)),
    [],
    'and none of them is stored',
  )
  const shown = await page.content()
  const shownSecrets = [...visitor.secrets].filter((secret) => shown.includes(secret))
  t.same(shownSecrets, [jane.password], 'nor shown, except the demo password')
  t.notMatch(await visitor.stored(), /"accessToken"|__Host-/)

  t.same(
    visitor.complaints,
    // The page was opened twice without a session. The third one is the replayed token.
    ['401 /me', '401 /me', '409 /auth/verifySignedPasskeyData'],
    'the console shows no other errors',
  )
}

async function autofill(t: Test, visitor: Visitor, { corbado }: RunningExample) {
  const { page, device } = visitor
  t.equal(await page.getByLabel('E-mail address').getAttribute('autocomplete'), 'username webauthn')
  await visitor.signInWithPassword()
  await visitor.createPasskey()
  await visitor.picking(async () => {
    const login = page.waitForRequest('**/auth/verifySignedPasskeyData')
    await visitor.click('Sign out')
    const { signedPasskeyData } = (await login).postDataJSON()
    const claims = JSON.parse(Buffer.from(signedPasskeyData.split('.')[1], 'base64url').toString())
    t.equal(claims.isCUI, true, 'Corbado calls it a login through conditional UI')
    await page.getByRole('heading', { name: 'Choosing a passkey in the autofill' }).waitFor()
    await page.getByRole('heading', { name: 'Hello, Jane Doe' }).waitFor()
  })
  t.same(visitor.complaints, ['401 /me'])

  // Another device deletes the passkey. This device is not told and still has it.
  const connectToken = await visitor.connectToken('passkey-delete')
  await visitor.signOut()
  const deletion = await fetch(`${corbado.url}/v2/connect/manage/delete`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-corbado-projectid': corbado.projectId },
    body: JSON.stringify({ connectToken, credentialID: corbado.passkeys()[0]?.id }),
  })
  t.equal(deletion.status, 200)
  t.equal(await device.passkeyCount(), 1)

  await visitor.click('Sign in with your passkey')
  t.equal(await visitor.information(), 'There is no passkey for this account yet. Sign in with your password.')
  await visitor.picking(async () => {
    await visitor.open()
    t.equal(
      await visitor.failure(),
      'This passkey has been deleted from your account. Use another passkey or your password.',
    )
  })
  t.equal(await visitor.heading(), 'Sign in')

  await visitor.signInWithPassword()
  t.equal(await device.passkeyCount(), 0, 'the list tells the device, which forgets it')
  t.ok(await page.getByRole('heading', { name: 'Sign in faster next time' }).isVisible())
}

async function twoTabs(t: Test, visitor: Visitor) {
  const { page } = visitor
  const other = await visitor.openTab()
  await other.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()

  await visitor.signInWithPassword()
  await other.getByRole('heading', { name: 'Hello, Jane Doe' }).waitFor()
  t.pass('signed in here is signed in there')
  // A browser shows passkey prompts only in the visible tab.
  await page.bringToFront()
  await visitor.createPasskey()
  await other.getByText(passkeyName).waitFor()
  t.pass('a passkey created here is listed there')
  await other.bringToFront()
  await other.getByRole('button', { name: `Delete ${passkeyName}` }).click()
  await other.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('You have no passkey yet.').waitFor()
  t.pass('deleted there is deleted here')
  await other.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByText('You signed out in another tab.').waitFor()
  t.equal(await visitor.heading(), 'Sign in')

  await page.bringToFront()
  await visitor.signInWithPassword()
  await visitor.context.clearCookies()
  await visitor.click('Create a passkey')
  t.equal(await visitor.failure(), 'Your session has ended. Sign in again.')
  t.equal(await visitor.heading(), 'Sign in')
}

async function outages(t: Test, visitor: Visitor, { corbado }: RunningExample) {
  const { page, context } = visitor
  await visitor.signInWithPassword()
  const busy = corbado.fault({
    route: 'connectTokens.create',
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '7' },
  })
  await visitor.click('Create a passkey')
  t.equal(await visitor.failure(), 'The passkey service is not available. Try again in 7 seconds.')
  busy.remove()
  await visitor.createPasskey()
  await visitor.signOut()

  const lost = corbado.fault({ route: 'passkeys.verifySignedData', kind: 'close', when: 'after' })
  await visitor.answering(async () => {
    await visitor.click('Sign in with your passkey')
    t.match(await visitor.failure(), /^You are not signed in: the app got no answer/)
  })
  lost.remove()
  t.equal(await visitor.heading(), 'Sign in')

  const gone = corbado.fault({ route: 'login.start', kind: 'reset' })
  await page.getByLabel('E-mail address').fill(jane.email)
  await visitor.click('Sign in with a passkey')
  t.equal(
    await visitor.failure(),
    'The passkey service cannot be reached. Check your connection, or use your password.',
  )
  gone.remove()

  await context.setOffline(true)
  await page.getByLabel('Password', { exact: true }).fill(jane.password)
  await visitor.click('Sign in with password')
  t.equal(await visitor.failure(), 'The app cannot be reached. Check your connection and try again.')
  await context.setOffline(false)
  await visitor.signInWithPassword()

  const listless = corbado.fault({ route: 'manage.list', kind: 'status', status: 500 })
  await visitor.open()
  await page.getByText('Your passkeys cannot be shown.').waitFor()
  t.equal(await visitor.heading(), 'Hello, Jane Doe', 'the rest of the app works without Corbado')
  listless.remove()
}
