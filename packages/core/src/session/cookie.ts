import type { CookieAttributes } from '../http.js'
import {
  assertCookieName,
  assertOptionalBoolean,
  assertWholeNumber,
  optionError,
  refuseUnknownOptions,
} from '../option-checks.js'
import { type SessionTokenOptions, SessionTokens, sessionTokenOptionNames } from './session-token.js'
import type { ConnectUser, ReadyMadeStrategy } from './strategy.js'
import { tokenStrategy } from './token-strategy.js'

const optionNames = [
  ...sessionTokenOptionNames,
  'renewAfterSeconds',
  'cookieName',
  'sameSite',
  'insecureCookie',
] as const satisfies readonly (keyof CookieSessionOptions)[]

/** Options of {@link cookieSession}. */
export interface CookieSessionOptions<User extends ConnectUser = ConnectUser> extends SessionTokenOptions<User> {
  /**
   * Renews the cookie when it is used and its token is at least this old, in seconds; must be less than `ttlSeconds`.
   * The session then lasts as long as it is used, up to `maxSessionSeconds`. Default: off.
   */
  readonly renewAfterSeconds?: number
  /** The name without its `__Host-` prefix. Default: `corbado_connect_session`. A second project needs its own name. */
  readonly cookieName?: string
  /** Default: `lax`. Use `none` for pages of another site, and list their origins in `allowedOrigins`. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /**
   * Sends the cookie without `__Host-` and `Secure`, for development over http on another host than localhost. Refused
   * unless `NODE_ENV` is `development` or `test`. Default: false.
   */
  readonly insecureCookie?: boolean
}

/**
 * A stateless session for browsers, in a `__Host-` cookie: `HttpOnly; Secure; SameSite=Lax; Path=/`. A login answers
 * `{ success: true }`. The session lasts `ttlSeconds` (default 3600), or longer with `renewAfterSeconds`, and is valid only
 * in the Corbado project and under the cookie name that it was created for. Signing out deletes the cookie; with
 * `revocations` it also ends every copy of it.
 *
 * @throws TypeError that names the wrong option
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis
 */
export function cookieSession<User extends ConnectUser = ConnectUser>(
  options: CookieSessionOptions<User>,
): ReadyMadeStrategy<User> {
  refuseUnknownOptions('cookieSession', options, optionNames)
  const {
    sameSite = 'lax',
    cookieName = 'corbado_connect_session',
    insecureCookie = false,
    renewAfterSeconds,
    ...tokenOptions
  } = options
  assertOptionalBoolean('cookieSession.insecureCookie', insecureCookie)
  assertCookieName('cookieSession.cookieName', cookieName)
  if (!['lax', 'strict', 'none'].includes(sameSite))
    throw optionError('cookieSession.sameSite', 'must be "lax", "strict" or "none"')
  if (insecureCookie && process.env.NODE_ENV !== 'development' && process.env.NODE_ENV !== 'test') {
    throw optionError('cookieSession.insecureCookie', 'must not be set unless NODE_ENV is "development" or "test"')
  }
  const name = insecureCookie ? cookieName : `__Host-${cookieName}`
  const attributes: CookieAttributes = { httpOnly: true, secure: !insecureCookie, sameSite, path: '/' }
  const tokens = new SessionTokens(
    {
      strategy: 'cookieSession',
      typ: 'corbado-connect-session+jwt',
      // A cookie's name is not signed, so the audience holds it: a renamed cookie is not a session.
      audience: `corbado-connect:cookie:${name}`,
      defaultTtlSeconds: 3600,
    },
    tokenOptions,
  )
  if (renewAfterSeconds !== undefined)
    assertWholeNumber('cookieSession.renewAfterSeconds', renewAfterSeconds, 1, tokens.ttlSeconds - 1)

  return tokenStrategy(tokens, {
    allowNonBrowserClients: false,
    renewAfterSeconds,
    read: (http) => http.cookie(name),
    send({ token, expiresIn }, http) {
      http.appendCookie(name, token, { ...attributes, maxAge: expiresIn })
      return { success: true }
    },
    discard(http) {
      http.clearCookie(name, attributes)
    },
  })
}
