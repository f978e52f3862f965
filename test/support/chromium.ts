import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Where Chromium is: the variable CHROMIUM says it, or it stands in one of the usual places. */
export function chromiumPath(): string | undefined {
  const named = process.env.CHROMIUM
  // A wrong path must not pass for "no browser here".
  if (named) return named
  return USUAL_PLACES.find((path) => existsSync(path))
}

/** Why the browser tests are skipped, or false where they can run. To be given to tap as `skip`. */
export const noChromium: string | false =
  chromiumPath() === undefined && 'no Chromium found: install it, or say where it is by the variable CHROMIUM'

export function launchChromium(): Promise<Browser> {
  const executablePath = chromiumPath()
  if (executablePath === undefined) throw new Error(String(noChromium))
  return chromium.launch({
    executablePath,
    // No sandbox: containers and CI machines run as root. Nothing but our own pages is opened.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-background-networking'],
  })
}

export type PasskeyPage = {
  context: BrowserContext
  page: Page
  /** The passkeys that the virtual authenticator holds, by their base64 IDs. */
  credentialIds(): Promise<string[]>
  /** False: the user refuses from now on; true: accepts, as at the start. */
  setUserVerified(verified: boolean): Promise<void>
}

/** A fresh browser profile with one page, on which a virtual authenticator answers at once. */
export async function openPasskeyPage(browser: Browser): Promise<PasskeyPage> {
  const context = await browser.newContext()
  const page = await context.newPage()
  const cdp = await context.newCDPSession(page)
  await cdp.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
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
