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
}

/** What every hook gets: the framework's own pair (`{ request, reply }` or `{ req, res }`) plus `http`. */
export interface HttpContext {
  readonly http: Http
}
