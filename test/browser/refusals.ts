import type { Emulator } from '@corbado-connect/emulator'
import type { Test } from 'tap'
import type { RunningExample } from './example-app.js'
import { jane, type Visitor } from './visitor.js'

/** What the page, the app and Corbado refuse, and in which words. */
export async function refusals(t: Test, visitor: Visitor, { corbado }: RunningExample) {
  const { page, device } = visitor
  await visitor.signInWithPassword()
  await device.recognises(false)
  await visitor.answering(async () => {
    await visitor.click('Create a passkey')
    t.equal(await visitor.refusal(), 'No passkey was created: the prompt was closed or ran out of time.')
  })
  t.same(corbado.passkeys(), [])
  await device.recognises(true)
  await visitor.createPasskey()
  await visitor.answering(async () => {
    await visitor.click('Add a passkey')
    t.match(await visitor.refusal(), /already has a passkey/, 'one for each device')
  })
  await tokens(t, visitor, corbado)

  await visitor.signOut()
  await device.recognises(false)
  await visitor.answering(async () => {
    await visitor.click('Sign in with your passkey')
    t.equal(await visitor.refusal(), 'You are not signed in: the passkey prompt was closed or ran out of time.')
  })
  t.equal(await visitor.heading(), 'Sign in')
  t.equal(await visitor.sessionCookie(), undefined)

  await page.getByLabel('E-mail address').fill('jane')
  await visitor.click('Sign in with a passkey')
  t.equal(await page.locator('#email-error').textContent(), 'Type your e-mail address, such as jane@example.com.')
  await page.getByLabel('E-mail address').fill('nobody@example.com')
  await visitor.click('Sign in with a passkey')
  t.equal(await visitor.refusal(), 'No passkey was found for this account. Sign in with your password instead.')

  const identifierOf = async (email: string) => JSON.stringify(await visitor.post('/passkeyIdentifier', { email }))
  const nobody = await identifierOf('nobody@example.com')
  t.match(
    nobody,
    /^{"status":200,"body":{"identifier":"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"}}$/,
  )
  t.equal(await identifierOf('nobody@example.com'), nobody, 'an unknown address is told apart by nothing')
  t.not(await identifierOf(jane.email), nobody)

  await page.getByLabel('E-mail address').fill(jane.email)
  await page.getByLabel('Password', { exact: true }).fill('wrong')
  await visitor.click('Sign in with password')
  t.equal(await visitor.refusal(), 'The e-mail address or the password is wrong.')
  for (let attempts = 0; attempts < 10; attempts += 1) await visitor.post('/login', { email: '', password: '' })
  await visitor.click('Sign in with password')
  t.match(await visitor.refusal(), /^Too many attempts\. Try again in \d+ seconds\.$/)
}

/** A connect token is good for what it is for, once. */
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
