import { CorbadoError } from '../errors.js'
import { type CookieAttributes, encodeCookieValue, type Http } from '../http.js'
import { assertCookieName, refuseUnknownOptions } from '../option-checks.js'

const defaultCookieName = 'cbo_client_state'
const maxLength = 3 * 1024
/** Browsers drop a cookie whose name and value have more than 4096 characters. */
const maxEncodedLength = 3900
const attributes: CookieAttributes = {
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
  path: '/',
  maxAge: 365 * 24 * 3600,
}

/** Options of `clientState`. */
export interface ClientStateOptions {
  /** Without its prefix `__Host-`; default `cbo_client_state`. A second project in one app needs another name. */
  readonly cookieName?: string
}

/** Keeps Corbado's `clientState`, which is opaque to us, in a first-party cookie that no script can read. */
export class ClientStateCookie {
  readonly #name: string

  constructor(cookieName: string) {
    this.#name = `__Host-${cookieName}`
  }

  /**
   * The `clientState` of a verify request.
   *
   * @throws CorbadoError `CORBADO_INVALID_REQUEST` where it is no text or too long
   */
  parse(value: unknown): string | undefined {
    if (value === undefined || value === null || value === '') return undefined
    const isText = typeof value === 'string' && value.length <= maxLength && value.isWellFormed()
    if (!isText || encodeCookieValue(value).length > maxEncodedLength) {
      throw new CorbadoError('INVALID_REQUEST', { reason: 'client_state' })
    }
    return value
  }

  /** Keeps it for 365 days. */
  keep(http: Http, clientState: string): void {
    http.appendCookie(this.#name, clientState, attributes)
  }

  /** What was kept at an earlier login. */
  read(cookie: Http['cookie']): string | undefined {
    try {
      return this.parse(cookie(this.#name))
    } catch {
      return undefined
    }
  }
}

/** @throws TypeError that names the option */
export function resolveClientState(option: boolean | ClientStateOptions | undefined): ClientStateCookie | undefined {
  if (option === undefined || option === false) return undefined
  if (option === true) return new ClientStateCookie(defaultCookieName)
  refuseUnknownOptions('clientState', option, ['cookieName'])
  const { cookieName = defaultCookieName } = option
  assertCookieName('clientState.cookieName', cookieName)
  return new ClientStateCookie(cookieName)
}
