import t, { type Test } from 'tap'
import { launchChromium, noChromium } from '../support/chromium.js'
import { looks, noViolations } from './axe.js'
import { bundlePage, startExample } from './example-app.js'
import { type Visitor, visit } from './visitor.js'

t.setTimeout(120_000)
t.test('axe finds nothing in the support desk', { skip: noChromium }, async (t) => {
  await bundlePage()
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const { origin } = await startExample(t, 'express-bearer')
  const visitor = await visit(browser, origin)
  t.teardown(() => visitor.context.close())
  await supportDesk(t, visitor)
})

async function supportDesk(t: Test, visitor: Visitor) {
  const { page } = visitor
  await visitor.signInWithPassword()
  await visitor.createPasskey()
  await visitor.signOut()
  await visitor.signInWithPassword({ email: 'sam@example.com', password: 'how may I help you today' })
  const find = page.getByRole('button', { name: 'Find passkeys' })
  await find.click()
  const field = page.getByLabel('Customer’s e-mail')
  t.equal(await field.getAttribute('aria-invalid'), 'true')
  for (const look of looks.flat()) await noViolations(t, page, 'an empty field', look)

  await field.fill('jane@example.com')
  await find.click()
  const title = page.getByRole('heading', { name: 'Passkeys of Jane Doe' })
  await title.waitFor()
  t.ok(await title.evaluate((heading) => heading === document.activeElement), 'the focus is on what was found')
  for (const look of looks.flat()) await noViolations(t, page, 'the passkeys of a customer', look)
  await visitor.click('Revoke Passkey in Chrome on Linux')
  for (const look of looks.flat()) await noViolations(t, page, 'the question before revoking', look)
}
