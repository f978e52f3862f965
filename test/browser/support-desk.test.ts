import t, { type Test } from 'tap'
import { launchChromium, noChromium } from '../support/chromium.js'
import { bundlePage, startExample } from './example-app.js'
import { jane, type Visitor, visit } from './visitor.js'

const sam = { email: 'sam@example.com', password: 'how may I help you today' }
const passkeyName = 'Passkey in Chrome on Linux'

t.setTimeout(120_000)
t.test('the support desk', { skip: noChromium }, async (t) => {
  await bundlePage()
  const browser = await launchChromium()
  t.teardown(() => browser.close())

  /** An app with unused rate limits, and people who each use a browser of their own. */
  async function start(t: Test) {
    const { origin, corbado } = await startExample(t, 'express-bearer')
    const person = async (): Promise<Visitor> => {
      const visitor = await visit(browser, origin)
      t.teardown(() => visitor.context.close())
      return visitor
    }
    return { corbado, person }
  }

  await t.test('revokes a passkey that is signed in in two tabs', async (t) => {
    const { corbado, person } = await start(t)
    const customer = await person()
    await customer.signInWithPassword()
    await customer.createPasskey()
    await customer.signOut()
    await customer.signInWithPasskey('Sign in with your passkey')
    const tab = await customer.openTab()
    await tab.getByText(passkeyName).waitFor()
    const otherBrowser = await person()
    await otherBrowser.signInWithPassword()

    const support = await person()
    await support.signInWithPassword(sam)
    await find(support, jane.email)
    await support.page.getByRole('heading', { name: 'Passkeys of Jane Doe' }).waitFor()
    t.same(await support.page.locator('#customer-passkeys [data-name]').allTextContents(), [passkeyName])
    t.match(await support.page.locator('#customer-passkeys').textContent(), /Last used just now/)
    await support.click(`Revoke ${passkeyName}`)
    await support.click('Keep it')
    t.equal(corbado.passkeys().length, 1, 'nothing happens until support confirms')
    await support.click(`Revoke ${passkeyName}`)
    await support.page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await support.page.getByText('The passkey was revoked.').waitFor()
    t.ok(await support.page.getByText('This customer has no passkey.').isVisible())
    t.same(corbado.passkeys(), [])

    await customer.page.bringToFront()
    await customer.click('Add a passkey')
    t.equal(await customer.failure(), 'Your session has ended. Sign in again.')
    t.equal(await customer.heading(), 'Sign in')
    await tab.bringToFront()
    await tab.getByRole('button', { name: 'Add a passkey' }).click()
    await tab.getByText('Your session has ended. Sign in again.').waitFor()
    await tab.getByRole('heading', { level: 1, name: 'Sign in' }).waitFor()

    await customer.page.bringToFront()
    await customer.answering(async () => {
      await customer.click('Sign in with your passkey')
      t.match(await customer.information(), /^There is no passkey for this account yet/)
    })
    t.equal(await customer.device.passkeyCount(), 1, 'the device still has the passkey')
    t.equal(await customer.heading(), 'Sign in')

    await otherBrowser.open()
    t.equal(await otherBrowser.heading(), 'Hello, Jane Doe', 'a session that began with the password goes on')
    await customer.signInWithPassword()
    t.equal(await customer.device.passkeyCount(), 0, 'the list tells the device, which forgets the passkey')
    await support.open()
    t.equal(await support.heading(), 'Hello, Sam Porter')
  })

  await t.test('is only for support', async (t) => {
    const { corbado, person } = await start(t)
    const visitor = await person()
    const list = (email: string) => visitor.post('/support/passkeys', { email })
    const revoke = () => visitor.post('/support/revokePasskey', { email: jane.email, passkeyId: 'cre-1' })
    t.match([await list(jane.email), await revoke()], [{ status: 401 }, { status: 401 }], 'not signed in')

    await visitor.signInWithPassword()
    await visitor.createPasskey()
    t.notOk(await visitor.page.getByRole('heading', { name: 'Support desk' }).isVisible())
    t.match([await list(jane.email), await revoke()], [{ status: 403 }, { status: 403 }], 'a customer')
    await visitor.signOut()

    await visitor.signInWithPassword(sam)
    await find(visitor, 'nobody@example.com')
    t.equal(await visitor.failure(), 'There is no customer with this address.')
    t.match(await list(sam.email), { status: 404 }, 'a colleague')
    const crossSite = await fetch(`${new URL(visitor.page.url()).origin}/support/passkeys`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
        cookie: `__Host-corbado_connect_session=${(await visitor.sessionCookie())?.value}`,
      },
      body: JSON.stringify({ email: jane.email }),
    })
    t.equal(crossSite.status, 403, 'a page of another site')
    const foreign = corbado.passkeys()[0]?.id
    const another = { email: 'ali@example.com', passkeyId: foreign }
    t.match(await visitor.post('/support/revokePasskey', another), { status: 200, body: { revoked: false } })
    t.equal(corbado.passkeys().length, 1, 'the passkey of another customer is not touched')
    t.match(await revoke(), { status: 200, body: { revoked: false } }, 'a passkey that does not exist')

    let limited = await list(jane.email)
    t.match(limited, { status: 200, body: { displayName: 'Jane Doe', passkeys: [{ id: foreign }] } })
    for (let calls = 0; calls < 30 && limited.status === 200; calls += 1) limited = await list(jane.email)
    t.equal(limited.status, 429, 'nobody can go through all customers')
  })
})

async function find({ page }: Visitor, email: string): Promise<void> {
  await page.getByLabel('Customer’s e-mail').fill(email)
  await page.getByRole('button', { name: 'Find passkeys' }).click()
}
