import { CorbadoError } from './errors.js'
import type { CookieAttributes, Http } from './http.js'
import { assertOptionalBoolean } from './option-checks.js'

const cookieName = '__Host-cbo_client_state'
const maxLength = 3 * 1024
const attributes: CookieAttributes = {
  httpOnly: true,
  secure: true,
  sameSite: 'lax',
  path: '/',
  maxAge: 365 * 24 * 3600,
}

/** @throws TypeError that names the option */
export function resolveClientState(option: boolean | undefined): boolean {
  assertOptionalBoolean('clientState', option)
  return option ?? false
}

/**
 * Reads `clientState` of a verify request: opaque to us, so only its length and its characters are looked at.
 *
 * @throws CorbadoError `CORBADO_INVALID_REQUEST`
 */
export function parseClientState(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined
  // Characters that a cookie carries as they are, so that nothing is encoded and the length stays below the browsers' limit.
  if (typeof value !== 'string' || value.length > maxLength || !/^[!#$&-+\--:<-[\]-~]+$/.test(value)) {
    throw new CorbadoError('INVALID_REQUEST', { reason: 'client_state' })
  }
  return value
}

/** Keeps the clientState for 365 days, where no script can read it. */
export function keepClientState(http: Http, clientState: string): void {
  http.appendCookie(cookieName, clientState, attributes)
}

/** The clientState that was kept at an earlier login, for the app to render into its page. */
export function readClientState(http: Pick<Http, 'cookie'>): string | undefined {
  try {
    return parseClientState(http.cookie(cookieName))
  } catch {
    return undefined
  }
}
