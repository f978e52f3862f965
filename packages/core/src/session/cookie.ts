import type { CookieAttributes } from '../http.js'
import { assertOptionalBoolean, refuseUnknownOptions } from '../option-checks.js'
import { type SessionTokenOptions, SessionTokens } from './session-token.js'
import type { ConnectUser, ReadyMadeStrategy } from './strategy.js'

const defaultTtlSeconds = 3600
const defaultName = 'corbado_connect_session'
const optionNames = [
  'secret',
  'keys',
  'ttlSeconds',
  'issuer',
  'claims',
  'isRevoked',
  'cookieName',
  'sameSite',
  'insecureCookie',
] as const satisfies readonly (keyof CookieSessionOptions)[]

/** Options of {@link cookieSession}. */
export interface CookieSessionOptions<User extends ConnectUser = ConnectUser> extends SessionTokenOptions<User> {
  /** Without its prefix; default `corbado_connect_session`. A second project in one app needs another name. */
  readonly cookieName?: string
  /** Default `lax`. `none` is for pages of another site, which then must stand in `allowedOrigins`. */
  readonly sameSite?: 'lax' | 'strict' | 'none'
  /** A cookie without `__Host-` and `Secure`, for development off localhost; refused when `NODE_ENV` is `production`. */
  readonly insecureCookie?: boolean
}

/**
 * A stateless session in a `__Host-` cookie, for browsers: `HttpOnly; Secure; SameSite=Lax; Path=/`. It lasts `ttlSeconds`
 * (default 3600) and answers `{ success: true }`. Signing out drops the cookie; `isRevoked` is the hook for more.
 *
 * @throws TypeError for wrong options, by their names
 * @see https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis
 */
export function cookieSession<User extends ConnectUser = ConnectUser>(
  options: CookieSessionOptions<User>,
): ReadyMadeStrategy<User> {
  refuseUnknownOptions('cookieSession', options, optionNames)
  const { sameSite = 'lax', cookieName = defaultName, insecureCookie = false } = options
  assertOptionalBoolean('cookieSession.insecureCookie', insecureCookie)
  if (!['lax', 'strict', 'none'].includes(sameSite))
    throw new TypeError('cookieSession.sameSite: lax, strict or none was expected')
  if (typeof cookieName !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(cookieName)) {
    throw new TypeError('cookieSession.cookieName: letters, digits, _ and - were expected')
  }
  if (insecureCookie && process.env.NODE_ENV === 'production') {
    throw new TypeError('cookieSession.insecureCookie is for development and refused when NODE_ENV is production')
  }
  const tokens = new SessionTokens(
    { strategy: 'cookieSession', typ: 'corbado-connect-session+jwt', audience: 'corbado-connect:cookie' },
    { ...options, ttlSeconds: options.ttlSeconds ?? defaultTtlSeconds },
  )
  const name = insecureCookie ? cookieName : `__Host-${cookieName}`
  const attributes: CookieAttributes = { httpOnly: true, secure: !insecureCookie, sameSite, path: '/' }

  return {
    allowNonBrowserClients: false,
    getUser: ({ http }, findUser) => tokens.findUser(http.cookie(name), findUser),
    async createSession(login, { http }) {
      http.appendCookie(name, await tokens.sign(login), { ...attributes, maxAge: tokens.ttlSeconds })
      return { success: true }
    },
    destroySession({ http }) {
      http.clearCookie(name, attributes)
    },
  }
}
