import { randomUUID } from 'node:crypto'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { assertOptionalFunction, assertWholeNumber, optionError } from '../option-checks.js'
import { EndedSessions } from './ended-sessions.js'
import type { Revocations } from './revocations.js'
import { resolveSigningKeys, type SessionKey, type SessionSecret, type SigningKeys } from './signing-keys.js'
import type { ConnectUser, SessionLogin, SessionsToEnd } from './strategy.js'

const algorithm = 'HS256'
const maxSeconds = 400 * 24 * 3600
const defaultMaxSessionSeconds = 12 * 3600
const requiredClaims = ['sub', 'iat', 'exp', 'jti', 'iss', 'aud', 'auth_time', 'amr']
const reservedClaims = [...requiredClaims, 'nbf', 'cre', 'epoch']

/** The claims of a session token. */
export interface SessionClaims extends JWTPayload {
  /** The user's WebAuthn identifier. */
  readonly sub: string
  /** When this token was issued, in Unix seconds. */
  readonly iat: number
  /** When this token expires, in Unix seconds. */
  readonly exp: number
  /** Identifies the session. A renewed token keeps it, so revoking one `jti` ends every copy of the session. */
  readonly jti: string
  /** When the user signed in, in Unix seconds. Renewal does not change it. */
  readonly auth_time: number
  /** `['passkey']` after a passkey login, `['app']` after a sign-in that your application checked. */
  readonly amr: ['passkey' | 'app']
  /** Corbado's ID of the passkey (`cre-…`), after a passkey login. */
  readonly cre?: string
  /** With the option `revocations`: tells sessions before and after an `endSessions({ user })` apart. */
  readonly epoch?: string
}

/** The options that {@link cookieSession} and {@link accessTokenSession} share. */
export interface SessionTokenOptions<User extends ConnectUser = ConnectUser> {
  /** Signs and verifies session tokens; at least 32 bytes. Set exactly one of `secret` and `keys`. */
  readonly secret?: SessionSecret | undefined
  /** For key rotation: the first key signs, all keys verify. */
  readonly keys?: readonly SessionKey[] | undefined
  /** How long a token is valid, in seconds. Default: 3600 for cookies, 900 for access tokens. */
  readonly ttlSeconds?: number
  /**
   * How long a session can last with renewals, in seconds since the user signed in. Default: 43200 (12 hours), or
   * `ttlSeconds` where that is longer.
   */
  readonly maxSessionSeconds?: number
  /** The claim `iss`. Default: `corbado-connect`. Use different values in two applications that share a secret. */
  readonly issuer?: string
  /** Adds claims to the token. The claims that the session itself sets cannot be replaced. */
  readonly claims?: (user: User) => Readonly<Record<string, unknown>>
  /**
   * Ends sessions before their time: signing out ends every copy of the token, and `endSessions` ends the sessions of a
   * user or of a passkey. One read per request; if the store fails, the request is refused with
   * `CORBADO_STORE_UNAVAILABLE`. Default: none, so signing out only deletes the cookie.
   */
  readonly revocations?: Revocations | undefined
  /** Return true to end a session early, by a list of your own. Called on every request that has a valid token. */
  readonly isRevoked?: (claims: SessionClaims) => boolean | Promise<boolean>
}

/** The names of {@link SessionTokenOptions}. */
export const sessionTokenOptionNames = [
  'secret',
  'keys',
  'ttlSeconds',
  'maxSessionSeconds',
  'issuer',
  'claims',
  'revocations',
  'isRevoked',
] as const satisfies readonly (keyof SessionTokenOptions)[]

/** What tells two kinds of token apart, so that one is never accepted as the other. */
export interface SessionTokenKind {
  /** The strategy's name, for messages. */
  readonly strategy: string
  readonly typ: string
  readonly audience: string
  readonly defaultTtlSeconds: number
}

/** A signed token, ready to be sent. */
export interface SignedSession {
  readonly token: string
  /** Seconds until the token expires. */
  readonly expiresIn: number
}

/** What stays the same when a session is renewed. */
type SessionStart = Pick<SessionClaims, 'sub' | 'jti' | 'auth_time' | 'amr' | 'cre' | 'epoch'>

/** Signs and reads the tokens of one strategy. @throws TypeError that names the wrong option */
export class SessionTokens<User extends ConnectUser> {
  readonly #kind: SessionTokenKind
  readonly #ttlSeconds: number
  readonly #maxSessionSeconds: number
  readonly #issuer: string
  readonly #keys: SigningKeys
  readonly #extraClaims: SessionTokenOptions<User>['claims']
  readonly #isRevoked: SessionTokenOptions['isRevoked']
  readonly #ended: EndedSessions | undefined

  constructor(kind: SessionTokenKind, options: SessionTokenOptions<User>) {
    const { ttlSeconds = kind.defaultTtlSeconds, issuer = 'corbado-connect', claims, revocations, isRevoked } = options
    assertWholeNumber(`${kind.strategy}.ttlSeconds`, ttlSeconds, 1, maxSeconds)
    const { maxSessionSeconds = Math.max(ttlSeconds, defaultMaxSessionSeconds) } = options
    assertWholeNumber(`${kind.strategy}.maxSessionSeconds`, maxSessionSeconds, ttlSeconds, maxSeconds)
    assertOptionalFunction(`${kind.strategy}.claims`, claims)
    assertOptionalFunction(`${kind.strategy}.isRevoked`, isRevoked)
    if (typeof issuer !== 'string' || issuer === '')
      throw optionError(`${kind.strategy}.issuer`, 'must be a non-empty string')
    this.#kind = kind
    this.#ttlSeconds = ttlSeconds
    this.#maxSessionSeconds = maxSessionSeconds
    this.#issuer = issuer
    this.#keys = resolveSigningKeys(kind.strategy, options)
    this.#extraClaims = claims
    this.#isRevoked = isRevoked
    this.#ended =
      revocations === undefined ? undefined : new EndedSessions(kind.strategy, revocations, maxSessionSeconds)
  }

  get ttlSeconds(): number {
    return this.#ttlSeconds
  }

  /** Whether sessions can be ended before their time. */
  get canEndSessions(): boolean {
    return this.#ended !== undefined
  }

  /** Starts a session for a login. @throws CorbadoError `CORBADO_PASSKEY_REJECTED`, `CORBADO_STORE_UNAVAILABLE` */
  async sign(login: SessionLogin<User>, projectId: string | undefined): Promise<SignedSession> {
    const credential = login.by === 'passkey' ? login.claims.credential : undefined
    const sub = login.user.identifier
    const cre = typeof credential === 'string' ? { cre: credential } : {}
    const epoch = await this.#ended?.epochFor({ sub, ...cre }, projectId)
    const start: SessionStart = {
      sub,
      jti: randomUUID(),
      auth_time: unixSeconds(),
      amr: [login.by],
      ...cre,
      ...(epoch === undefined ? {} : { epoch }),
    }
    return this.#sign(start, login.user, projectId)
  }

  /** Continues a session with a new token, or returns null where that would not extend the session. */
  async renew(claims: SessionClaims, user: User, projectId: string | undefined): Promise<SignedSession | null> {
    if (this.#expiryOf(claims.auth_time, unixSeconds()) <= claims.exp) return null
    const { sub, jti, auth_time, amr, cre, epoch } = claims
    const optional = { ...(cre === undefined ? {} : { cre }), ...(epoch === undefined ? {} : { epoch }) }
    return this.#sign({ sub, jti, auth_time, amr, ...optional }, user, projectId)
  }

  /** The claims of a token, or null where it is forged, expired, revoked, or belongs to another strategy or project. */
  async read(token: string | undefined, projectId: string | undefined): Promise<SessionClaims | null> {
    if (token === undefined) return null
    const claims = await this.#verify(token, projectId)
    if (claims === null || (await this.#ended?.has(claims, projectId)) || (await this.#isRevoked?.(claims))) return null
    return claims
  }

  /** Ends the session of a token, with all its copies and renewals. @throws CorbadoError `CORBADO_STORE_UNAVAILABLE` */
  async endSession(token: string | undefined, projectId: string | undefined): Promise<void> {
    if (this.#ended === undefined || token === undefined) return
    const claims = await this.#verify(token, projectId)
    if (claims !== null) await this.#ended.endSession(claims, projectId)
  }

  /** Ends the sessions of a user. @throws CorbadoError `CORBADO_STORE_UNAVAILABLE` */
  async endSessions(sessions: SessionsToEnd): Promise<void> {
    await this.#ended?.endSessions(sessions)
  }

  async #sign(start: SessionStart, user: User, projectId: string | undefined): Promise<SignedSession> {
    const extra = this.#extraClaims?.(user) ?? {}
    const taken = reservedClaims.find((name) => Object.hasOwn(extra, name))
    if (taken !== undefined) throw optionError(`${this.#kind.strategy}.claims`, `must not set "${taken}"`)
    const now = unixSeconds()
    const exp = this.#expiryOf(start.auth_time, now)
    const { kid, key } = this.#keys.signing
    const token = await new SignJWT({
      ...extra,
      ...start,
      iat: now,
      exp,
      iss: this.#issuer,
      aud: this.#audienceFor(projectId),
    })
      .setProtectedHeader({ alg: algorithm, typ: this.#kind.typ, kid })
      .sign(await key)
    return { token, expiresIn: exp - now }
  }

  async #verify(token: string, projectId: string | undefined): Promise<SessionClaims | null> {
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = kid === undefined ? undefined : this.#keys.byId.get(kid)
          if (key === undefined) throw new errors.JWKSNoMatchingKey()
          return key
        },
        {
          algorithms: [algorithm],
          typ: this.#kind.typ,
          issuer: this.#issuer,
          audience: this.#audienceFor(projectId),
          requiredClaims,
          currentDate: new Date(Date.now()),
        },
      )
      return isSessionClaims(payload) && unixSeconds() < payload.auth_time + this.#maxSessionSeconds ? payload : null
    } catch (error) {
      if (error instanceof errors.JOSEError) return null
      throw error
    }
  }

  #expiryOf(authTime: number, now: number): number {
    return Math.min(now + this.#ttlSeconds, authTime + this.#maxSessionSeconds)
  }

  /** One secret may serve several projects, so the audience names the project. */
  #audienceFor(projectId: string | undefined): string {
    return projectId === undefined ? this.#kind.audience : `${this.#kind.audience}:${projectId}`
  }
}

function isSessionClaims(claims: JWTPayload): claims is SessionClaims {
  const { sub, iat, exp, jti, auth_time, amr, cre, epoch } = claims
  return (
    typeof sub === 'string' &&
    typeof iat === 'number' &&
    typeof exp === 'number' &&
    typeof jti === 'string' &&
    typeof auth_time === 'number' &&
    Array.isArray(amr) &&
    amr.length === 1 &&
    (amr[0] === 'passkey' || amr[0] === 'app') &&
    (cre === undefined || typeof cre === 'string') &&
    (epoch === undefined || typeof epoch === 'string')
  )
}

/** The current time in Unix seconds. */
export function unixSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
