import type { Browser, BrowserContext, CDPSession, Cookie, Page, Request } from 'playwright-core'

export const jane = { email: 'jane@example.com', password: 'correct horse battery staple' }

/** A person with a fresh browser profile and one device that can hold passkeys. */
export class Visitor {
  readonly context: BrowserContext
  readonly page: Page
  readonly device: Device
  /** What the browser's console complained about: `401 /me` for an answer, its text for everything else. */
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
    await this.page.getByLabel('E-mail address').fill(email)
    await this.page.getByLabel('Password', { exact: true }).fill(password)
    await this.click('Sign in with password')
    await this.#signedIn()
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
    // Without one the browser takes seconds to find out that there is none.
    await attachDevice(tab)
    await tab.goto(this.#origin)
    return tab
  }

  async autofillOffered(): Promise<void> {
    await this.page.locator('html[data-autofill=offered]').waitFor()
  }

  /** The person answers every dialog that comes up in the meantime, and picks nothing from the autofill. */
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

  /** The person picks a passkey from the autofill as soon as it is offered. */
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

  /** What the page refused, once it says so. */
  async refusal(): Promise<string> {
    return (await this.page.locator('#notice[role=alert] p').textContent()) ?? ''
  }

  /** The big words of what is on the page. */
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

  /** A connect token, got as the page gets it. */
  async connectToken(type: string): Promise<string> {
    const { body } = await this.post('/auth/createConnectToken', { type })
    return typeof body === 'object' && body !== null && 'connectToken' in body ? String(body.connectToken) : ''
  }

  /** The cookie of the session, as the browser keeps it. */
  async sessionCookie(): Promise<Cookie | undefined> {
    return (await this.context.cookies()).find(({ name }) => name.includes('corbado_connect_session'))
  }

  /** Everything that a script of this origin has stored, as one text. */
  stored(): Promise<string> {
    return this.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]))
  }

  async #signedIn(): Promise<void> {
    await this.page.getByRole('heading', { level: 1, name: 'Hello, ' }).waitFor()
    await this.page.locator('#passkeys-state:visible, #passkeys li').first().waitFor()
  }
}

/** A device that can hold passkeys. It answers when it is told to, and never by itself. */
export class Device {
  readonly #session: CDPSession
  readonly #authenticatorId: string

  constructor(session: CDPSession, authenticatorId: string) {
    this.#session = session
    this.#authenticatorId = authenticatorId
  }

  /** Whether somebody touches it when it asks. */
  async answers(enabled: boolean): Promise<void> {
    const authenticatorId = this.#authenticatorId
    await this.#session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
  }

  /** Whether it recognises the person; where not, every prompt ends as if it had been cancelled. */
  async recognises(person: boolean): Promise<void> {
    const authenticatorId = this.#authenticatorId
    await this.#session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: person })
  }

  /** How many passkeys it holds. */
  async passkeyCount(): Promise<number> {
    const authenticatorId = this.#authenticatorId
    const { credentials } = await this.#session.send('WebAuthn.getCredentials', { authenticatorId })
    return credentials.length
  }
}

/** A new person at the app's page, which is open. */
export async function visit(browser: Browser, origin: string): Promise<Visitor> {
  const context = await browser.newContext()
  // Nothing on this page takes seconds; what does not come should fail with the name of what was awaited.
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  await markAutofill(page)
  const visitor = new Visitor(origin, page, await attachDevice(page))
  await visitor.open()
  return visitor
}

async function attachDevice(page: Page): Promise<Device> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable', { enableUI: false })
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: false,
    },
  })
  return new Device(session, authenticatorId)
}

/**
 * Writes down on the page when the browser offers passkeys in the autofill; nothing else would show it. And while the
 * person looks at dialogs, the simulated device does not get to see that offer, which it would take at once.
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

/** What must never be found anywhere else: passwords and tokens, as they travel. */
function secretsIn(request: Request): string[] {
  const body = request.postData() ?? ''
  const fields = ['password', 'signedPasskeyData', 'connectToken', 'appendTokenValue']
  return fields.flatMap((field) => new RegExp(`"${field}":"([^"]+)"`).exec(body)?.[1] ?? [])
}
