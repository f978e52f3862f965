import { CorbadoError } from '../errors.js'
import { type CookieAttributes, encodeCookieValue, type Http } from '../http.js'
import { assertCookieName, refuseUnknownOptions } from '../option-checks.js'

const defaultCookieName = 'cbo_client_state'
const maxLength = 3 * 1024
/** Browsers drop a cookie whose name and value exceed 4096 characters. */
const maxEncodedLength = 3900
const attributes: CookieAttributes = {
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
  path: '/',
  maxAge: 365 * 24 * 3600,
}

/** The option `clientState`. */
export interface ClientStateOptions {
  /** The name without its prefix `__Host-`. Default `cbo_client_state`. A second project in one app needs another name. */
  readonly cookieName?: string | undefined
}

/** Keeps Corbado's opaque `clientState` in a first-party cookie that scripts cannot read. */
export class ClientStateCookie {
  readonly #name: string

  constructor(cookieName: string) {
    this.#name = `__Host-${cookieName}`
  }

  /**
   * The `clientState` of a verify request.
   *
   * @throws CorbadoError `CORBADO_INVALID_REQUEST` if it is not a string or too long
   */
  parse(value: unknown): string | undefined {
    if (value === undefined || value === null || value === '') return undefined
    const isValid = typeof value === 'string' && value.length <= maxLength && value.isWellFormed()
    if (!isValid || encodeCookieValue(value).length > maxEncodedLength) {
      throw new CorbadoError('INVALID_REQUEST', { reason: 'client_state' })
    }
    return value
  }

  /** Keeps it for 365 days. */
  keep(http: Http, clientState: string): void {
    http.appendCookie(this.#name, clientState, attributes)
  }

  /** The `clientState` of an earlier login. */
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
  refuseUnknownOptions('corbadoConnect.clientState', option, ['cookieName'])
  const { cookieName = defaultCookieName } = option
  assertCookieName('corbadoConnect.clientState.cookieName', cookieName)
  return new ClientStateCookie(cookieName)
}
