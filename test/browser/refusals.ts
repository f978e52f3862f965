import type { Emulator } from '@corbado-connect/emulator'
import type { Test } from 'tap'
import type { RunningExample } from './example-app.js'
import { jane, type Visitor } from './visitor.js'

/** What the page, the app and Corbado refuse, and what the page says about it. */
export async function refusals(t: Test, visitor: Visitor, { corbado }: RunningExample) {
  const { page, device } = visitor
  await visitor.signInWithPassword()
  await device.recognizes(false)
  await visitor.answering(async () => {
    await visitor.click('Create a passkey')
    t.equal(await visitor.information(), 'The passkey prompt was closed or timed out. No passkey was created.')
  })
  t.same(corbado.passkeys(), [])
  await device.recognizes(true)
  await visitor.createPasskey()
  await visitor.answering(async () => {
    await visitor.click('Add a passkey')
    t.match(await visitor.information(), /already has a passkey/, 'one for each device')
  })
  const prompt = page.locator('.act').first().locator('.step', { hasText: 'Asks the device' })
  t.match(await prompt.textContent(), /already has a passkey[\s\S]*exists/, 'the panel says the same')
  t.equal(await page.locator('.failed', { hasText: 'Asks the device' }).count(), 0, 'neither of them is a failure')
  await tokens(t, visitor, corbado)

  await visitor.signOut()
  await device.recognizes(false)
  await visitor.answering(async () => {
    await visitor.click('Sign in with your passkey')
    t.equal(await visitor.information(), 'The passkey prompt was closed or timed out. You are not signed in.')
  })
  t.equal(await visitor.heading(), 'Sign in')
  t.equal(await visitor.sessionCookie(), undefined)

  await device.recognizes(true)
  await visitor.open()
  await visitor.signInWithPasskey('Sign in with your passkey')
  t.equal(await visitor.heading(), 'Hello, Jane Doe', 'a closed prompt does not remove the button, also after a reload')
  await visitor.signOut()

  await visitor.unfoldForm()
  await page.getByLabel('E-mail address').fill('jane')
  await visitor.click('Sign in with a passkey')
  t.equal(await page.locator('#email-error').textContent(), 'Enter your e-mail address, such as jane@example.com.')
  await page.getByLabel('E-mail address').fill('nobody@example.com')
  await visitor.click('Sign in with a passkey')
  t.equal(await visitor.information(), 'There is no passkey for this account yet. Sign in with your password.')
  t.match(await page.locator('.act').first().textContent(), /Corbado has no passkey for this identifier/)
  t.ok(await page.getByRole('button', { name: 'Sign in with your passkey' }).isVisible(), 'Jane’s passkey stays')

  const identifierOf = async (email: string) => JSON.stringify(await visitor.post('/passkeyIdentifier', { email }))
  const nobody = await identifierOf('nobody@example.com')
  t.match(
    nobody,
    /^{"status":200,"body":{"identifier":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"}}$/,
  )
  t.equal(
    await identifierOf('nobody@example.com'),
    nobody,
    'an unknown address gets an identifier, too, and always the same',
  )
  t.not(await identifierOf(jane.email), nobody)

  await page.getByLabel('E-mail address').fill(jane.email)
  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await visitor.click('Sign in with password')
  t.equal(await visitor.failure(), 'The e-mail address or the password is wrong.')
  for (let attempts = 0; attempts < 10; attempts += 1) await visitor.post('/login', { email: '', password: '' })
  await visitor.click('Sign in with password')
  t.match(await visitor.failure(), /^Too many attempts\. Try again in \d+ seconds\.$/)
}

/** A connect token allows one operation, once. */
async function tokens(t: Test, visitor: Visitor, corbado: Emulator) {
  const [passkey] = corbado.passkeys()
  const manage = (operation: string, body: object) =>
    visitor.post(`${corbado.browserUrl}/v2/connect/manage/${operation}`, body, {
      'x-corbado-projectid': corbado.projectId,
    })

  const appendToken = await visitor.connectToken('passkey-append')
  t.match(appendToken, /^ctk1_/)
  t.match(
    await manage('delete', { connectToken: appendToken, credentialID: passkey?.id }),
    { status: 401, body: { error: { type: 'login_error' } } },
    'a token for creating does not delete',
  )
  const listToken = await visitor.connectToken('passkey-list')
  t.match(await manage('list', { connectToken: listToken }), { status: 200, body: { passkeys: [{ id: passkey?.id }] } })
  t.match(await manage('list', { connectToken: listToken }), { status: 401 }, 'and none works twice')
  t.equal(corbado.passkeys().length, 1)
  t.match(
    await visitor.post('/auth/createConnectToken', { type: 'passkey-login' }),
    { status: 403, body: { code: 'CORBADO_TYPE_NOT_ALLOWED' } },
    'a type that this app does not hand out',
  )
}
