import type { Http } from '../http.js'
import { refuseUnknownOptions } from '../option-checks.js'
import { type SessionTokenOptions, SessionTokens, sessionTokenOptionNames } from './session-token.js'
import type { ConnectUser, ReadyMadeStrategy } from './strategy.js'
import { tokenStrategy } from './token-strategy.js'

/** Options of {@link accessTokenSession}. */
export type AccessTokenSessionOptions<User extends ConnectUser = ConnectUser> = SessionTokenOptions<User>

/**
 * A stateless session in a Bearer access token, for mobile apps and APIs. A login answers
 * `{ success: true, accessToken, tokenType: 'Bearer', expiresIn }`; the client sends the token as `Authorization: Bearer`.
 * A token is valid for `ttlSeconds` (default 900) in the Corbado project that it was issued for. Use `renewSession` to
 * replace it before it expires. To sign out, the client forgets its token; with `revocations`, signing out also ends it.
 *
 * @throws TypeError that names the wrong option
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
export function accessTokenSession<User extends ConnectUser = ConnectUser>(
  options: AccessTokenSessionOptions<User>,
): ReadyMadeStrategy<User> {
  refuseUnknownOptions('accessTokenSession', options, sessionTokenOptionNames)
  const tokens = new SessionTokens(
    {
      strategy: 'accessTokenSession',
      typ: 'at+jwt',
      audience: 'corbado-connect:access-token',
      defaultTtlSeconds: 900,
    },
    options,
  )
  return tokenStrategy(tokens, {
    allowNonBrowserClients: true,
    read: bearerToken,
    send: ({ token, expiresIn }) => ({ success: true, accessToken: token, tokenType: 'Bearer', expiresIn }),
    discard() {},
  })
}

function bearerToken(http: Http): string | undefined {
  return /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(http.header('authorization') ?? '')?.[1]
}
