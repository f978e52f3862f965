import type { Browser, BrowserContext, Cookie, Page, Request } from 'playwright-core'
import { type Authenticator, attachAuthenticator } from '../support/chromium.js'

export const jane = { email: 'jane@example.com', password: 'correct horse battery staple' }

/** A person with a new browser profile and one device for passkeys. */
export class Visitor {
  readonly context: BrowserContext
  readonly page: Page
  readonly device: Device
  /** Warnings and errors in the browser's console: `401 /me` for a response, otherwise the message. */
  readonly complaints: string[] = []
  /** Every secret that this page has sent or received. */
  readonly secrets = new Set<string>()
  readonly #origin: string

  constructor(origin: string, page: Page, device: Device) {
    this.#origin = origin
    this.context = page.context()
    this.page = page
    this.device = device
    page.on('pageerror', (error) => this.complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return
      const status = /status of (\d+)/.exec(message.text())?.[1]
      const { url } = message.location()
      this.complaints.push(status === undefined ? message.text() : `${status} ${new URL(url).pathname}`)
    })
    page.on('request', (request) => {
      for (const secret of secretsIn(request)) this.secrets.add(secret)
    })
  }

  async open(): Promise<void> {
    await this.page.goto(this.#origin)
    await this.page.locator('#sign-in:visible, #account:visible').waitFor()
  }

  async signInWithPassword({ email, password } = jane): Promise<void> {
    await this.unfoldForm()
    await this.page.getByLabel('E-mail address').fill(email)
    await this.page.getByLabel('Password', { exact: true }).fill(password)
    await this.click('Sign in with password')
    await this.#signedIn()
  }

  /** Shows the form for every account when only the button for the last passkey is shown. */
  async unfoldForm(): Promise<void> {
    if (await this.page.getByLabel('E-mail address').isHidden()) {
      await this.click('Use another account or your password')
    }
  }

  /** Presses the button that starts a passkey login and lets the device answer. */
  async signInWithPasskey(button: 'Sign in with a passkey' | 'Sign in with your passkey'): Promise<void> {
    await this.answering(async () => {
      await this.click(button)
      await this.#signedIn()
    })
  }

  async createPasskey(): Promise<void> {
    await this.answering(async () => {
      await this.click('Create a passkey')
      await this.page.getByText('Your passkey is ready').waitFor()
    })
  }

  /** Signs out and waits until the browser offers passkeys in the autofill again. */
  async signOut(): Promise<void> {
    await this.click('Sign out')
    await this.page.getByText('You are signed out.').waitFor()
    await this.autofillOffered()
  }

  /** A second tab of the same browser. */
  async openTab(): Promise<Page> {
    const tab = await this.context.newPage()
    // Without an authenticator the browser takes seconds to find out that there is none.
    await attachAuthenticator(tab, { answers: false })
    await tab.goto(this.#origin)
    return tab
  }

  async autofillOffered(): Promise<void> {
    await this.page.locator('html[data-autofill=offered]').waitFor()
  }

  /** Answers every passkey dialog in the meantime, but picks nothing from the autofill. */
  async answering(during: () => Promise<void>): Promise<void> {
    await this.page.evaluate(() => {
      document.documentElement.dataset.lookingAt = 'dialogs'
    })
    try {
      await this.picking(during)
    } finally {
      await this.page.evaluate(() => {
        delete document.documentElement.dataset.lookingAt
        dispatchEvent(new Event('lookedaway'))
      })
    }
  }

  /** Picks a passkey from the autofill as soon as it is offered. */
  async picking(during: () => Promise<void>): Promise<void> {
    await this.device.answers(true)
    try {
      await during()
    } finally {
      await this.device.answers(false)
    }
  }

  async click(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).click()
  }

  /** The text of the red notice, once there is one. */
  async failure(): Promise<string> {
    return (await this.page.locator('#notice[role=alert] .failure').textContent()) ?? ''
  }

  /** The text of the neutral notice, once there is one. */
  async information(): Promise<string> {
    return (await this.page.locator('#notice[role=status] .information').textContent()) ?? ''
  }

  /** The main heading. */
  async heading(): Promise<string> {
    return (await this.page.getByRole('heading', { level: 1 }).textContent()) ?? ''
  }

  /** The names in the list of passkeys. */
  async passkeys(): Promise<string[]> {
    return this.page.locator('#passkeys [data-name]').allTextContents()
  }

  /** POSTs JSON from within the page, as any script of it could. */
  post(url: string, body: object, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
    return this.page.evaluate(
      async ([url, body, headers]) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
        })
        return { status: response.status, body: await response.json().catch(() => null) }
      },
      [url, body, headers] as const,
    )
  }

  /** Requests a connect token as the page does. */
  async connectToken(type: string): Promise<string> {
    const { body } = await this.post('/auth/createConnectToken', { type })
    return typeof body === 'object' && body !== null && 'connectToken' in body ? String(body.connectToken) : ''
  }

  /** The session cookie as the browser stores it. */
  async sessionCookie(): Promise<Cookie | undefined> {
    return (await this.context.cookies()).find(({ name }) => name.includes('corbado_connect_session'))
  }

  /** Everything that scripts of this origin have stored, as one string. */
  stored(): Promise<string> {
    return this.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))
  }

  async #signedIn(): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: 'Hello, ' }).waitFor()
    await this.page.locator('#passkeys-state:visible, #passkeys li').first().waitFor()
  }
}

/** A device for passkeys. It answers a prompt only when a test tells it to. */
export class Device {
  readonly #authenticator: Authenticator

  constructor(authenticator: Authenticator) {
    this.#authenticator = authenticator
  }

  /** Whether somebody confirms its prompts. */
  async answers(enabled: boolean): Promise<void> {
    const { cdp, authenticatorId } = this.#authenticator
    await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
  }

  /** Whether it recognizes the person. If not, every prompt ends as if it had been canceled. */
  async recognizes(person: boolean): Promise<void> {
    const { cdp, authenticatorId } = this.#authenticator
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: person })
  }

  /** How many passkeys it holds. */
  async passkeyCount(): Promise<number> {
    const { cdp, authenticatorId } = this.#authenticator
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
    return credentials.length
  }
}

/** Opens the app's page in a new browser profile. */
export async function visit(browser: Browser, origin: string): Promise<Visitor> {
  const context = await browser.newContext()
  // Nothing on this page takes this long. A short timeout names the locator that was awaited.
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  await markAutofill(page)
  const visitor = new Visitor(origin, page, new Device(await attachAuthenticator(page, { answers: false })))
  await visitor.open()
  return visitor
}

/**
 * Marks the page while the browser offers passkeys in the autofill, because nothing else shows that. While the person
 * answers dialogs, the offer is held back from the simulated device, which would accept it at once.
 */
async function markAutofill(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const { credentials } = navigator
    const get = credentials.get.bind(credentials)
    credentials.get = async (options) => {
      if (options?.mediation !== 'conditional') return get(options)
      const { dataset } = document.documentElement
      dataset.autofill = 'offered'
      try {
        if (dataset.lookingAt === 'dialogs') {
          await new Promise((resolve, reject) => {
            addEventListener('lookedaway', resolve, { once: true })
            options.signal?.addEventListener('abort', () => reject(options.signal?.reason))
          })
        }
        return await get(options)
      } finally {
        delete dataset.autofill
      }
    }
  })
}

/** Passwords and tokens in a request. They must not be found anywhere else. */
function secretsIn(request: Request): string[] {
  const body = request.postData() ?? ''
  const fields = ['password', 'signedPasskeyData', 'connectToken', 'appendTokenValue']
  return fields.flatMap((field) => new RegExp(`"${field}":"([^"]+)"`).exec(body)?.[1] ?? [])
}
