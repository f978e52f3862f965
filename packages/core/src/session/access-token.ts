import type { Http } from '../http.js'
import { refuseUnknownOptions } from '../option-checks.js'
import { type SessionTokenOptions, SessionTokens } from './session-token.js'
import type { ConnectUser, ReadyMadeStrategy } from './strategy.js'

const defaultTtlSeconds = 900
const optionNames = [
  'secret',
  'keys',
  'ttlSeconds',
  'issuer',
  'claims',
  'isRevoked',
] as const satisfies readonly (keyof AccessTokenSessionOptions)[]

/** Options of {@link accessTokenSession}. */
export type AccessTokenSessionOptions<User extends ConnectUser = ConnectUser> = SessionTokenOptions<User>

/**
 * A stateless session as a Bearer access token, for mobile apps and APIs. It lasts `ttlSeconds` (default 900) and answers
 * `{ success: true, accessToken, tokenType: 'Bearer', expiresIn }`. Signing out is the client's: it forgets the token;
 * `isRevoked` is the hook for more.
 *
 * @throws TypeError for wrong options, by their names
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
export function accessTokenSession<User extends ConnectUser = ConnectUser>(
  options: AccessTokenSessionOptions<User>,
): ReadyMadeStrategy<User> {
  refuseUnknownOptions('accessTokenSession', options, optionNames)
  const tokens = new SessionTokens(
    { strategy: 'accessTokenSession', typ: 'at+jwt', audience: 'corbado-connect:access-token' },
    { ...options, ttlSeconds: options.ttlSeconds ?? defaultTtlSeconds },
  )
  return {
    allowNonBrowserClients: true,
    getUser: ({ http }, findUser) => tokens.findUser(bearerToken(http), findUser),
    async createSession(login) {
      const accessToken = await tokens.sign(login)
      return { success: true, accessToken, tokenType: 'Bearer', expiresIn: tokens.ttlSeconds }
    },
    destroySession() {},
  }
}

function bearerToken(http: Http): string | undefined {
  return /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(http.header('authorization') ?? '')?.[1]
}
