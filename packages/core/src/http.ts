import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { parse, serialize } from 'cookie'

/** Attributes of a cookie; the defaults of the framework's cookie library apply to what is left out. */
export interface CookieAttributes {
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: 'lax' | 'strict' | 'none'
  readonly path: string
  /** Seconds. */
  readonly maxAge?: number
}

/** The small facade over a request and its response that is the same in both adapters. */
export interface Http {
  /** The client's address as the framework sees it (its trust-proxy setting decides). */
  readonly ip: string
  /**
   * The ID of the Corbado project that this request belongs to; the adapters set it. Ready-made sessions are valid only
   * in their project, so set it in a context of your own as well (`connect.client.projectId`).
   */
  readonly projectId?: string
  /** Whether the response was sent already, by a hook for example. */
  readonly answered: boolean
  /** A request header by its lower-case name; repeated ones are joined by a comma. */
  header(name: string): string | undefined
  /** A request cookie. */
  cookie(name: string): string | undefined
  /** Adds a `Set-Cookie`; others stay. */
  appendCookie(name: string, value: string, attributes: CookieAttributes): void
  /** Makes the browser forget a cookie; the attributes must be those that it was set with. */
  clearCookie(name: string, attributes: CookieAttributes): void
  /** Sets `Cache-Control: no-store`, so that no cache keeps the response. */
  preventCaching(): void
  /** Returns a function that removes every `Set-Cookie` that was added since, as long as nothing was sent. */
  markCookies(): () => void
}

/** What every hook gets: the framework's own pair (`{ request, reply }` or `{ req, res }`) plus `http`. */
export interface HttpContext {
  readonly http: Http
}

/** The part of {@link Http} that every framework over Node's own server shares. */
export abstract class NodeHttp implements Http {
  readonly projectId: string
  readonly #headers: IncomingHttpHeaders

  constructor(headers: IncomingHttpHeaders, projectId: string) {
    this.#headers = headers
    this.projectId = projectId
  }

  abstract get ip(): string
  abstract get answered(): boolean
  /** Adds a `Set-Cookie` header to the response; others stay. */
  protected abstract addSetCookie(header: string): void
  abstract preventCaching(): void
  abstract markCookies(): () => void

  header(name: string): string | undefined {
    const value = this.#headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  cookie(name: string): string | undefined {
    return readCookie(this.#headers, name)
  }

  appendCookie(name: string, value: string, attributes: CookieAttributes): void {
    this.addSetCookie(serialize(name, value, { ...attributes, encode: encodeCookieValue }))
  }

  clearCookie(name: string, attributes: CookieAttributes): void {
    this.addSetCookie(serialize(name, '', { ...attributes, maxAge: 0, expires: new Date(0) }))
  }
}

/** Implements {@link Http.markCookies} for a response of Node's own. */
export function markSetCookie(response: Pick<ServerResponse, 'getHeader' | 'setHeader' | 'removeHeader'>): () => void {
  const before = response.getHeader('set-cookie')
  const copy = Array.isArray(before) ? [...before] : before
  return () => {
    if (copy === undefined) response.removeHeader('set-cookie')
    else response.setHeader('set-cookie', copy)
  }
}

/** Remembers the entries of maps. @returns a function that restores them, and empties maps that were created since */
export function markMaps(find: () => readonly Map<unknown, unknown>[]): () => void {
  const entries = new Map(find().map((map) => [map, [...map]]))
  return () => {
    for (const map of find()) {
      map.clear()
      for (const [key, value] of entries.get(map) ?? []) map.set(key, value)
    }
  }
}

/** A cookie of a request, also where there is no response at hand. */
export function readCookie(headers: IncomingHttpHeaders, name: string): string | undefined {
  return headers.cookie === undefined ? undefined : parse(headers.cookie)[name]
}

/** Encodes only what a cookie cannot carry as it is: encoding more would make a long value too long. */
export function encodeCookieValue(value: string): string {
  return /[^\x21-\x7e]|[",;\\%]/.test(value) ? encodeURIComponent(value) : value
}
