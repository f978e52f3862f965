import type { CookieAttributes, Http, HttpContext } from '@corbado-connect/core'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** What every hook gets in Fastify. */
export interface FastifyContext extends HttpContext {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** How @fastify/cookie reads and writes. */
export interface Cookies {
  parseCookie(header: string): Readonly<Record<string, string | undefined>>
  serializeCookie(name: string, value: string, attributes: CookieAttributes & { readonly expires?: Date }): string
}

/** The facade over Fastify's request and reply. */
export class FastifyHttp implements Http {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #cookies: Cookies

  constructor(request: FastifyRequest, reply: FastifyReply, cookies: Cookies) {
    this.#request = request
    this.#reply = reply
    this.#cookies = cookies
  }

  get ip(): string {
    return this.#request.ip
  }

  get answered(): boolean {
    return this.#reply.sent || this.#reply.raw.headersSent
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  cookie(name: string): string | undefined {
    return readCookie(this.#request, name, this.#cookies)
  }

  appendCookie(name: string, value: string, attributes: CookieAttributes): void {
    this.#reply.header('set-cookie', this.#cookies.serializeCookie(name, value, attributes))
  }

  clearCookie(name: string, attributes: CookieAttributes): void {
    const expired = { ...attributes, maxAge: 0, expires: new Date(0) }
    this.#reply.header('set-cookie', this.#cookies.serializeCookie(name, '', expired))
  }
}

/** A cookie of a request, also where there is no reply at hand. */
export function readCookie(request: FastifyRequest, name: string, cookies: Cookies): string | undefined {
  const { cookie } = request.headers
  return cookie === undefined ? undefined : cookies.parseCookie(cookie)[name]
}
