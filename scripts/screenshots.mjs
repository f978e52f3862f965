// Takes the pictures in docs/images: both apps' page in its main states. Needs a build (npm run demo makes one) and
// Chromium.
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { startEmulator } from '@corbado-connect/emulator'
import { buildApp } from '@corbado-connect/example-fastify-cookie'
import { chromium } from 'playwright-core'

const folder = fileURLToPath(new URL('../docs/images/', import.meta.url))
await mkdir(folder, { recursive: true })

const corbado = await startEmulator()
Object.assign(process.env, {
  CORBADO_PROJECT_ID: corbado.projectId,
  CORBADO_API_SECRET: corbado.apiSecret,
  CORBADO_BACKEND_API: corbado.url,
  FRONTEND_API: corbado.browserUrl,
  SESSION_SECRET: randomBytes(32).toString('base64url'),
  LOG_LEVEL: 'silent',
})
const app = await buildApp()
await app.listen({ port: 0, host: 'localhost' })
const origin = `http://localhost:${app.server.address().port}`
corbado.setAllowedOrigins([origin])
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--font-render-hinting=none'],
})

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
  await light.page.getByRole('button', { name: 'Sign out' }).click()
  await light.page.getByText('You are signed out.').waitFor()
  await light.refuseNextPrompt()
  await light.page.getByRole('button', { name: 'Sign in with your passkey' }).click()
  await light.page.getByRole('alert').getByText('You are not signed in').waitFor()
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

/** The page in a fresh browser profile, with a device that answers prompts, and without autofill, which would at once. */
async function open(options) {
  const context = await browser.newContext(options)
  await context.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false
  })
  const page = await context.newPage()
  const device = await context.newCDPSession(page)
  await device.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await device.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: true,
      defaultBackupState: true,
    },
  })
  await page.goto(origin)
  await page.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
  return {
    page,
    close: () => context.close(),
    refuseNextPrompt: () => device.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false }),
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
