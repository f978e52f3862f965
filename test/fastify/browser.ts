import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'

/** What came back over the socket. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

/** What to send; a body that is no text goes as JSON. */
export interface Message {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Exactly these headers over a connection of its own; fetch() would add some. */
export function send(url: string, { method = 'POST', headers = {}, body }: Message = {}): Promise<Answer> {
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const contentType = typeof body === 'object' ? { 'content-type': 'application/json' } : {}
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url,
      { method, headers: { ...contentType, ...headers }, agent: new Agent({ keepAlive: false }) },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: objectOf(text) })
        })
      },
    )
    sent.on('error', reject)
    sent.end(payload)
  })
}

/** A page of one origin, with the cookies that the server gave it: as much of a browser as these tests need. */
export class Page {
  readonly cookies = new Map<string, string>()
  readonly #server: string
  readonly #origin: string

  /** @param origin of the page; without it the page is the server's own */
  constructor(server: string, origin: string = server) {
    this.#server = server
    this.#origin = origin
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.#send('POST', path, body, headers)
  }

  async get(path: string): Promise<Answer> {
    return this.#send('GET', path, undefined, {})
  }

  /** The same page with its cookies as they are now: what somebody has who copied them. */
  copy(): Page {
    const copy = new Page(this.#server, this.#origin)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }

  async #send(method: string, path: string, body: unknown, more: Readonly<Record<string, string>>): Promise<Answer> {
    const site =
      this.#origin === this.#server
        ? { 'sec-fetch-site': 'same-origin' }
        : { origin: this.#origin, 'sec-fetch-site': 'cross-site' }
    const cookie = this.cookies.size === 0 ? {} : { cookie: this.cookieHeader }
    const answer = await send(this.#server + path, { method, body, headers: { ...site, ...cookie, ...more } })
    for (const line of setCookies(answer)) this.#keep(line)
    return answer
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(/; */)
    const cut = pair.indexOf('=')
    const name = pair.slice(0, cut)
    const gone = attributes.some((text) => /^max-age=0$/i.test(text) || /^expires=Thu, 01 Jan 1970/i.test(text))
    if (gone) this.cookies.delete(name)
    else this.cookies.set(name, pair.slice(cut + 1))
  }
}

export function setCookies(answer: Answer): readonly string[] {
  return answer.headers['set-cookie'] ?? []
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : {}
  } catch {
    return {}
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
