import type { CookieAttributes, Http, HttpContext } from '@corbado-connect/core'

/** A request and its response, made by hand: what an adapter would hand to the core. */
export class HandMadeHttp implements Http {
  readonly ip = '192.0.2.1'
  readonly projectId: string
  answered = false
  cacheable = true
  readonly setCookies: { name: string; value: string; attributes: CookieAttributes }[] = []
  readonly #headers: Record<string, string>
  readonly #cookies: Record<string, string>

  constructor(headers: Record<string, string> = {}, cookies: Record<string, string> = {}, projectId = 'pro-1') {
    this.projectId = projectId
    this.#headers = headers
    this.#cookies = cookies
  }

  header(name: string): string | undefined {
    return this.#headers[name]
  }

  cookie(name: string): string | undefined {
    return this.#cookies[name]
  }

  appendCookie(name: string, value: string, attributes: CookieAttributes): void {
    this.setCookies.push({ name, value, attributes })
  }

  preventCaching(): void {
    this.cacheable = false
  }

  markCookies(): () => void {
    const { length } = this.setCookies
    return () => void this.setCookies.splice(length)
  }

  clearCookie(name: string, attributes: CookieAttributes): void {
    this.setCookies.push({ name, value: '', attributes: { ...attributes, maxAge: 0 } })
  }
}

export const newContext = (
  headers: Record<string, string> = {},
  cookies: Record<string, string> = {},
  projectId?: string,
): HttpContext & { http: HandMadeHttp } => ({ http: new HandMadeHttp(headers, cookies, projectId) })
