import t, { type Test } from 'tap'
import { launchChromium, noChromium } from '../support/chromium.js'
import { looks, noViolations, violations } from './axe.js'
import { bundlePage, startExample } from './example-app.js'
import { type Visitor, visit } from './visitor.js'

t.setTimeout(120_000)
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
  await scene('everything works with the keyboard only', keyboardOnly)
  await scene('tells screen readers everything once', announcements)
  await scene('keeps the card in place and in view', steadyCard)
  await scene('respects reduced motion and its content security policy', motionAndPolicy)
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
  await inspect('an empty field and the demo accounts')

  await visitor.signInWithPassword()
  await inspect('the offer of a passkey')

  await visitor.createPasskey()
  for (const call of await page.locator('.act:first-child summary').all()) await call.click()
  await inspect('the list, and the panel with a call unfolded')

  await visitor.click('Delete Passkey in Chrome on Linux')
  await inspect('the question before deleting')
  await visitor.click('Keep it')

  await visitor.click('Delete my account')
  await inspect('the question before deleting the account')
  await visitor.click('Keep it')

  await visitor.signOut()
  await inspect('signed out')

  await device.recognizes(false)
  await visitor.answering(async () => {
    await visitor.click('Sign in with your passkey')
    await visitor.information()
  })
  await inspect('information about a closed prompt')

  await page.getByLabel('E-mail address').fill('jane@example.com')
  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await visitor.click('Sign in with password')
  await visitor.failure()
  await inspect('a failure')

  await page.getByText('Password', { exact: true }).evaluate((label) => label.remove())
  t.match(await violations(page), [/^label.*password/], 'axe finds a missing label')
}

async function keyboardOnly(t: Test, visitor: Visitor) {
  const { page } = visitor
  const { keyboard } = page
  const focused = () =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim(),
    )
  /** Presses Tab until an element has the focus, and checks that the focus is visible there. */
  const tabTo = async (name: string) => {
    for (let steps = 0; steps < 40 && (await focused()) !== name; steps += 1) await keyboard.press('Tab')
    t.equal(await focused(), name)
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle)
    t.equal(outline, 'solid', `the focus on “${name}” is visible`)
  }

  await keyboard.press('Tab')
  t.equal(await focused(), 'Skip to content')
  await page.getByLabel('E-mail address').focus()
  await keyboard.type('jane@example.com')
  await page.getByLabel('Password', { exact: true }).focus()
  await keyboard.type('correct horse battery staple')
  await keyboard.press('Enter')
  await page.getByText('You have no passkey yet.').waitFor()
  t.equal(await focused(), 'Hello, Jane Doe', 'the focus is on the new view')

  await tabTo('Create a passkey')
  await visitor.answering(async () => {
    await keyboard.press('Enter')
    await page.getByText('Your passkey is ready').waitFor()
  })
  t.equal(await focused(), 'Your passkeys')

  await tabTo('Delete Passkey in Chrome on Linux')
  await keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  t.equal(await focused(), 'Keep it', 'the safe answer has the focus')
  await keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  t.equal(await focused(), 'Delete Passkey in Chrome on Linux', 'the focus returns to the button')
  await keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  // The `close` event of the previous dialog can arrive now. It must not answer this one.
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

  await visitor.unfoldForm()
  await page.getByLabel('E-mail address').fill('jane@example.com')
  await page.getByLabel('E-mail address').press('Enter')
  t.match(await visitor.information(), /^There is no passkey/, 'Enter in the address field means the passkey')
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
  t.equal(await described.textContent(), 'Enter your password.')

  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await visitor.click('Sign in with password')
  await visitor.failure()
  t.same(await said(), ['The e-mail address or the password is wrong.'])
  await visitor.signInWithPassword()
  t.same(await said(), ['You are signed in.'])
  await visitor.createPasskey()
  t.same(await said(), ['Your passkey is ready. Next time, sign in with it.'])
  await visitor.signOut()
  t.same(await said(), ['You are signed out.'])
}

async function steadyCard(t: Test, visitor: Visitor) {
  const { page } = visitor
  await page.setViewportSize({ width: 1280, height: 720 })
  const top = (id: string) => page.locator(id).evaluate((card) => Math.round(card.getBoundingClientRect().top))
  const before = await top('#sign-in')
  await page.getByLabel('E-mail address').fill('jane@example.com')
  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await visitor.click('Sign in with password')
  await visitor.failure()
  t.equal(await top('#sign-in'), before, 'a notice does not move the card')
  const covered = await page.evaluate(() => {
    const notice = document.querySelector('.notice')?.getBoundingClientRect().bottom ?? 0
    const card = document.querySelector('#sign-in')?.getBoundingClientRect().top ?? 0
    return notice > card
  })
  t.notOk(covered, 'nor cover it')

  await visitor.signInWithPassword()
  await visitor.createPasskey()
  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
  t.ok((await page.evaluate(() => scrollY)) > 300, 'the panel is long')
  t.equal(await top('#account'), before, 'the card stays in view beside the panel')
  await page.setViewportSize({ width: 1280, height: 300 })
  await page.getByRole('button', { name: 'Delete Passkey in Chrome on Linux' }).scrollIntoViewIfNeeded()
  t.ok(await page.locator('#account').isVisible(), 'also in a low window')
}

async function motionAndPolicy(t: Test, visitor: Visitor) {
  const { page } = visitor
  const response = await page.reload()
  const policy = (await response?.headerValue('content-security-policy')) ?? ''
  t.match(policy, /default-src 'none'/)
  t.notMatch(policy, /unsafe-|\*/)
  await page.locator('#sign-in:visible').waitFor()
  t.same(
    visitor.complaints.filter((complaint) => complaint !== '401 /me'),
    [],
    'nothing on the page violates its policy',
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
