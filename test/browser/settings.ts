import type { Browser } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium, noChromium } from '../support/chromium.js'
import type { Example } from '../support/example-app.js'
import { bundlePage, type RunningExample, startExample } from './example-app.js'
import { type Visitor, visit } from './visitor.js'

/** Uses the settings of an example app in several browsers. */
export function settings(example: Example): void {
  t.setTimeout(120_000)
  t.test(`the settings of ${example}`, { skip: noChromium }, async (t) => {
    await bundlePage()
    const browser = await launchChromium()
    t.teardown(() => browser.close())
    for (const [name, play] of Object.entries({ accountDeletion, signOutEverywhere })) {
      await t.test(name, async (t) => {
        const app = await startExample(t, example)
        const visitor = await visit(browser, app.origin)
        t.teardown(() => visitor.context.close())
        await play(t, visitor, app, browser)
      })
    }
  })
}

/** A person deletes the account, which is signed in elsewhere too. */
async function accountDeletion(t: Test, visitor: Visitor, { corbado, origin }: RunningExample, browser: Browser) {
  const { page, device } = visitor
  const dialog = page.getByRole('dialog', { name: 'Delete your account?' })
  await visitor.signInWithPassword()
  await visitor.createPasskey()
  const elsewhere = await visit(browser, origin)
  t.teardown(() => elsewhere.context.close())
  await elsewhere.signInWithPassword()

  await visitor.click('Delete my account')
  await dialog.getByRole('button', { name: 'Keep it' }).click()
  t.equal(await visitor.heading(), 'Hello, Jane Doe')
  t.same(corbado.requests({ route: 'users.delete' }), [], 'nothing happens until the person confirms')

  const broken = corbado.fault({ route: 'users.delete', kind: 'status', status: 500 })
  await visitor.click('Delete my account')
  await dialog.getByRole('button', { name: 'Delete my account' }).click()
  t.equal(await visitor.failure(), 'Your account was not deleted. Try again in a moment.')
  broken.remove()
  t.same(corbado.passkeys(), [], 'the passkeys are deleted first')

  await visitor.click('Delete my account')
  await dialog.getByRole('button', { name: 'Delete my account' }).click()
  await page.getByText('Your account was deleted.').waitFor()
  t.equal(await visitor.heading(), 'Sign in')
  t.equal(await visitor.sessionCookie(), undefined)
  t.ok(await page.getByLabel('E-mail address').isVisible(), 'the page forgets who signed in last')

  await elsewhere.click('Sign out everywhere')
  t.equal(await elsewhere.failure(), 'Your session has ended. Sign in again.', 'signed out in another browser, too')

  await page.getByLabel('E-mail address').fill('jane@example.com')
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery staple')
  await visitor.click('Sign in with password')
  t.equal(await visitor.failure(), 'The e-mail address or the password is wrong.')
  t.equal(await device.passkeyCount(), 1, 'the device still has the passkey')
  await visitor.picking(async () => {
    await visitor.open()
    t.match(await visitor.failure(), /^This passkey has been deleted from your account/)
  })
  t.equal(await visitor.heading(), 'Sign in')
}

/** A person signs out everywhere: here, in another tab, and in another browser. */
async function signOutEverywhere(t: Test, visitor: Visitor, { origin }: RunningExample, browser: Browser) {
  await visitor.signInWithPassword()
  const tab = await visitor.openTab()
  await tab.getByRole('heading', { name: 'Hello, Jane Doe' }).waitFor()
  const elsewhere = await visit(browser, origin)
  t.teardown(() => elsewhere.context.close())
  await elsewhere.signInWithPassword()
  const bystander = await visit(browser, origin)
  t.teardown(() => bystander.context.close())
  await bystander.signInWithPassword({ email: 'ali@example.com', password: 'open sesame, said nobody' })

  await visitor.page.bringToFront()
  await visitor.click('Sign out everywhere')
  await visitor.page.getByText('You are signed out in every browser and app.').waitFor()
  t.equal(await visitor.heading(), 'Sign in')
  await tab.getByText('You signed out in another tab.').waitFor()

  await elsewhere.click('Create a passkey')
  t.equal(await elsewhere.failure(), 'Your session has ended. Sign in again.')
  t.equal(await elsewhere.heading(), 'Sign in')
  await bystander.open()
  t.equal(await bystander.heading(), 'Hello, Ali Baba', 'other users stay signed in')

  await elsewhere.signInWithPassword()
  await elsewhere.open()
  t.equal(await elsewhere.heading(), 'Hello, Jane Doe', 'signing in again works at once')
}
