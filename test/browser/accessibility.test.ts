import axe from 'axe-core'
import type { Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium, noChromium } from '../support/chromium.js'
import { bundlePage, startExample } from './example-app.js'
import { type Visitor, visit } from './visitor.js'

type Look = { scheme: 'light' | 'dark'; width: number }

/** Every state is looked at in light and dark, wide and narrow; every other one the other way round. */
const looks: readonly (readonly Look[])[] = [
  [
    { scheme: 'light', width: 1280 },
    { scheme: 'dark', width: 360 },
  ],
  [
    { scheme: 'dark', width: 1280 },
    { scheme: 'light', width: 360 },
  ],
]

t.test('the page', { skip: noChromium }, async (t) => {
  await bundlePage()
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const scene = (name: string, play: (t: Test, visitor: Visitor) => Promise<void>) =>
    t.test(name, async (t) => {
      const { origin } = await startExample(t, 'fastify-cookie')
      const visitor = await visit(browser, origin)
      t.teardown(() => visitor.context.close())
      await play(t, visitor)
    })

  await scene('axe finds nothing in any state, light and dark, wide and narrow', everyState)
  await scene('all of it with the keyboard alone', keyboardOnly)
  await scene('says things once, where a screen reader hears them', announcements)
  await scene('stands still for people who ask for that, and obeys its own policy', mannersOfThePage)
})

async function everyState(t: Test, visitor: Visitor) {
  const { page, device } = visitor
  let states = 0
  const inspect = async (state: string) => {
    for (const look of looks[states % looks.length] ?? []) await noViolations(t, page, state, look)
    states += 1
  }
  await inspect('sign-in')

  await visitor.click('Sign in with a passkey')
  await page.getByText('Demo accounts').click()
  await inspect('a field that is not filled in, and the demo accounts')

  await visitor.signInWithPassword()
  await inspect('the offer of a passkey')

  await visitor.createPasskey()
  for (const call of await page.locator('.act:first-child summary').all()) await call.click()
  await inspect('the list, and the panel with a call unfolded')

  await visitor.click('Delete Passkey in Chrome on Linux')
  await inspect('the question before deleting')
  await visitor.click('Keep it')

  await visitor.signOut()
  await inspect('signed out')

  await device.recognises(false)
  await visitor.answering(async () => {
    await visitor.click('Sign in with your passkey')
    await visitor.refusal()
  })
  await inspect('a refusal')

  await page.getByText('Password', { exact: true }).evaluate((label) => label.remove())
  t.match(await violations(page), [/^label.*password/], 'it would have found something')
}

async function noViolations(t: Test, page: Page, state: string, { scheme, width }: Look) {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width, height: 900 })
  t.same(await violations(page), [], `${state}, ${scheme}, ${width} pixels wide`)
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  t.ok(overflow <= 0, `${state}: nothing to scroll sideways at ${width}`)
}

/** What axe finds, each with the first element that it is about. */
async function violations(page: Page): Promise<string[]> {
  // The page's policy lets no script in; the debugger may.
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document)
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  })
}

async function keyboardOnly(t: Test, visitor: Visitor) {
  const { page } = visitor
  const { keyboard } = page
  const focused = () =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim(),
    )
  /** Presses Tab until the focus is where it should be, and says whether it is to be seen there. */
  const tabTo = async (name: string) => {
    for (let steps = 0; steps < 40 && (await focused()) !== name; steps += 1) await keyboard.press('Tab')
    t.equal(await focused(), name)
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle)
    t.equal(outline, 'solid', `the focus on “${name}” is to be seen`)
  }

  await keyboard.press('Tab')
  t.equal(await focused(), 'Skip to content')
  await page.getByLabel('E-mail address').focus()
  await keyboard.type('jane@example.com')
  await page.getByLabel('Password', { exact: true }).focus()
  await keyboard.type('correct horse battery staple')
  await keyboard.press('Enter')
  await page.getByText('You have no passkey yet.').waitFor()
  t.equal(await focused(), 'Hello, Jane Doe', 'reading goes on with what is new')

  await tabTo('Create a passkey')
  await visitor.answering(async () => {
    await keyboard.press('Enter')
    await page.getByText('Your passkey is ready').waitFor()
  })
  t.equal(await focused(), 'Your passkeys')

  await tabTo('Delete Passkey in Chrome on Linux')
  await keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  t.equal(await focused(), 'Keep it', 'the harmless answer comes first')
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  t.equal(await focused(), 'Delete Passkey in Chrome on Linux', 'back where one came from')
  await keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  // The end of the question before may be told of only now; it does not answer this one.
  await page.locator('#confirm').dispatchEvent('close')
  await tabTo('Delete')
  await keyboard.press('Enter')
  await page.getByText('The passkey was deleted.').waitFor()
  t.equal(await focused(), 'Your passkeys')

  await page.getByRole('heading', { level: 1 }).focus()
  await tabTo('Sign out')
  await keyboard.press('Enter')
  await page.getByText('You are signed out.').waitFor()
  t.equal(await focused(), 'Sign in')

  await page.getByLabel('E-mail address').fill('jane@example.com')
  await page.getByLabel('E-mail address').press('Enter')
  t.match(await visitor.refusal(), /^No passkey was found/, 'Enter behind an address means the passkey')
}

async function announcements(t: Test, visitor: Visitor) {
  const { page } = visitor
  const spoken = () => page.locator('[role=status], [role=alert]').allTextContents()
  const said = async () => (await spoken()).map((text) => text.trim()).filter((text) => text !== '')
  t.same(await said(), [])
  await page.getByLabel('E-mail address').fill('jane@example.com')
  await visitor.click('Sign in with password')
  t.equal(await page.getByLabel('Password', { exact: true }).getAttribute('aria-invalid'), 'true')
  const described = page.locator(
    `#${await page.getByLabel('Password', { exact: true }).getAttribute('aria-describedby')}`,
  )
  t.equal(await described.textContent(), 'Type your password.')

  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await visitor.click('Sign in with password')
  await visitor.refusal()
  t.same(await said(), ['The e-mail address or the password is wrong.'])
  await visitor.signInWithPassword()
  t.same(await said(), ['You are signed in.'])
  await visitor.createPasskey()
  t.same(await said(), ['Your passkey is ready. Next time, sign in with it.'])
  await visitor.signOut()
  t.same(await said(), ['You are signed out.'])
}

async function mannersOfThePage(t: Test, visitor: Visitor) {
  const { page } = visitor
  const response = await page.reload()
  const policy = (await response?.headerValue('content-security-policy')) ?? ''
  t.match(policy, /default-src 'none'/)
  t.notMatch(policy, /unsafe-|\*/)
  await page.locator('#sign-in:visible').waitFor()
  t.same(
    visitor.complaints.filter((complaint) => complaint !== '401 /me'),
    [],
    'nothing on the page was in the way of its policy',
  )

  await page.emulateMedia({ reducedMotion: 'reduce' })
  const transition = () =>
    page
      .getByRole('button', { name: 'Sign in with a passkey' })
      .evaluate((button) => getComputedStyle(button).transitionProperty)
  t.equal(await transition(), 'none')
  await page.emulateMedia({ reducedMotion: 'no-preference' })
  t.not(await transition(), 'none')
}

declare global {
  interface Window {
    axe: typeof axe
  }
}
