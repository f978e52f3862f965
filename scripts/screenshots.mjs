// Takes the pictures in docs/images: the page of the example apps in its main states. Needs Chromium and a build
// (npm run build).
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startEmulator } from '@corbado-connect/emulator'
import { buildApp } from '@corbado-connect/example-fastify-cookie'
import { attachAuthenticator, launchChromium } from '../test/build/support/chromium.js'
import { exampleEnvironment } from '../test/build/support/example-app.js'

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
await mkdir(folder, { recursive: true })

const corbado = await startEmulator()
Object.assign(process.env, exampleEnvironment(corbado))
const app = await buildApp()
await app.listen({ port: 0, host: 'localhost' })
const origin = `http://localhost:${app.server.address().port}`
corbado.setAllowedOrigins([origin])
const browser = await launchChromium()

const wide = { viewport: { width: 1240, height: 800 } }
const narrow = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5 }

try {
  const light = await open(wide)
  await light.shoot('sign-in')
  await light.signInWithPassword()
  await light.page.getByRole('heading', { name: 'Sign in faster next time' }).waitFor()
  await light.shoot('passkey-offer')
  await light.createPasskey()
  await light.shoot('passkeys')
  await light.page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await light.page.getByText('You are signed out.').waitFor()
  await light.refusePrompts()
  await light.page.getByRole('button', { name: 'Sign in with your passkey' }).click()
  await light.page.getByText('The passkey prompt was closed').waitFor()
  await light.shoot('refusal')
  await light.close()

  const dark = await open({ ...wide, colorScheme: 'dark' })
  await dark.signInWithPassword('ali@example.com', 'open sesame, said nobody')
  await dark.createPasskey()
  await dark.shoot('passkeys-dark')
  await dark.close()

  const phone = await open(narrow)
  await phone.shoot('sign-in-narrow')
  await phone.close()
} finally {
  await browser.close()
  await app.close()
  await corbado.close()
}

/** Opens the page in a new browser profile. Autofill is off: the device would answer its offer at once. */
async function open(options) {
  const context = await browser.newContext(options)
  await context.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false
  })
  const page = await context.newPage()
  const { cdp, authenticatorId } = await attachAuthenticator(page, { synced: true })
  await page.goto(origin)
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  return {
    page,
    close: () => context.close(),
    refusePrompts: () => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false }),
    async shoot(name) {
      await page.evaluate(() => document.activeElement?.blur())
      await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled' })
    },
    async signInWithPassword(email = 'jane@example.com', password = 'correct horse battery staple') {
      await page.getByLabel('E-mail address').fill(email)
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByRole('button', { name: 'Sign in with password' }).click()
    },
    async createPasskey() {
      await page.getByRole('button', { name: 'Create a passkey' }).click()
      await page.getByText('Your passkey is ready').waitFor()
    },
  }
}
