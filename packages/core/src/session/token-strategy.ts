import type { Http, HttpContext } from '../http.js'
import { type SessionClaims, type SessionTokens, type SignedSession, unixSeconds } from './session-token.js'
import type { ConnectUser, ReadyMadeStrategy, SessionAnswer } from './strategy.js'

/** How a session token travels: in a cookie, or in a body and the `Authorization` header. */
export interface TokenTransport {
  readonly allowNonBrowserClients: boolean
  /** Whether and when reading a session also renews it, in seconds since the token was issued. */
  readonly renewAfterSeconds?: number | undefined
  read(http: Http): string | undefined
  send(session: SignedSession, http: Http): SessionAnswer
  discard(http: Http): void
}

/** A strategy that keeps the whole session in a signed token. */
export function tokenStrategy<LoginUser extends ConnectUser>(
  tokens: SessionTokens<LoginUser>,
  transport: TokenTransport,
): ReadyMadeStrategy<LoginUser> {
  const { renewAfterSeconds = Number.POSITIVE_INFINITY } = transport
  /** What `getUser` read, so that `describeSession` does not verify the same token again. */
  const claimsOf = new WeakMap<HttpContext, SessionClaims>()
  const read = ({ http }: HttpContext) => tokens.read(transport.read(http), http.projectId)

  const renew = async (claims: SessionClaims, user: LoginUser, { http }: HttpContext) => {
    const renewed = await tokens.renew(claims, user, http.projectId)
    if (renewed === null || http.answered) return null
    // A cache that stored this response would hand one user's session to another.
    http.preventCaching()
    return transport.send(renewed, http)
  }

  return {
    ...(tokens.canEndSessions ? { endSessions: (sessions) => tokens.endSessions(sessions) } : {}),
    allowNonBrowserClients: transport.allowNonBrowserClients,
    async getUser(context, findUser) {
      const claims = await read(context)
      if (claims === null) return null
      claimsOf.set(context, claims)
      const user = await findUser(claims.sub)
      if (user === null) return null
      if (unixSeconds() - claims.iat >= renewAfterSeconds && !context.http.answered) await renew(claims, user, context)
      return user
    },
    async createSession(login, { http }) {
      return transport.send(await tokens.sign(login, http.projectId), http)
    },
    async renewSession(context, findUser) {
      const claims = await read(context)
      const user = claims === null ? null : await findUser(claims.sub)
      return claims === null || user === null ? null : renew(claims, user, context)
    },
    async destroySession(context) {
      const { http } = context
      claimsOf.delete(context)
      // First, and the cookie stays if this fails: signing out can then be repeated.
      await tokens.endSession(transport.read(http), http.projectId)
      transport.discard(http)
    },
    async describeSession(context) {
      const known = claimsOf.get(context)
      const claims = known !== undefined && known.exp > unixSeconds() ? known : await read(context)
      if (claims === null) return null
      const { auth_time: signedInAt, amr, cre } = claims
      return { signedInAt, by: amr[0], ...(cre === undefined ? {} : { passkeyId: cre }) }
    },
  }
}
