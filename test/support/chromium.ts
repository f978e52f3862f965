import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core'

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Where Chromium is: named by the variable CHROMIUM, or in one of the usual places. */
export function chromiumPath(): string | undefined {
  const named = process.env.CHROMIUM
  // A wrong path must fail instead of skipping the tests.
  if (named) return named
  return usualPlaces.find((path) => existsSync(path))
}

/** Why the browser tests are skipped, or false where they can run: the option `skip` of a tap test. */
export const noChromium: string | false =
  chromiumPath() === undefined && 'no Chromium found: install it, or set CHROMIUM to its path'

export function launchChromium(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (executablePath === undefined) throw new Error(String(noChromium))
  return chromium.launch({
    executablePath,
    // No sandbox: containers and CI machines run as root. Only pages of these tests are opened.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  })
}

/** A simulated device that holds passkeys, and the session to control it. */
export interface Authenticator {
  readonly cdp: CDPSession
  readonly authenticatorId: string
}

/**
 * Attaches a virtual authenticator to a page. It survives navigation.
 *
 * @param options.answers whether it answers every prompt at once; default true
 * @param options.synced whether its passkeys count as synced between devices; default false
 */
export async function attachAuthenticator(
  page: Page,
  { answers = true, synced = false }: { answers?: boolean; synced?: boolean } = {},
): Promise<Authenticator> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: answers,
      defaultBackupEligibility: synced,
      defaultBackupState: synced,
    },
  })
  return { cdp, authenticatorId }
}

export interface PasskeyPage {
  context: BrowserContext
  page: Page
  /** The passkeys that the virtual authenticator holds, by their base64 IDs. */
  credentialIds(): Promise<string[]>
  /** False: from now on the user refuses. True, as at the start: the user accepts. */
  setUserVerified(verified: boolean): Promise<void>
}

/** A fresh browser profile with one page, on which a virtual authenticator answers at once. */
export async function openPasskeyPage(browser: Browser): Promise<PasskeyPage> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const { cdp, authenticatorId } = await attachAuthenticator(page)
  return {
    context,
    page,
    async credentialIds() {
      const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
      return credentials.map(({ credentialId }) => credentialId)
    },
    async setUserVerified(isUserVerified) {
      await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}
