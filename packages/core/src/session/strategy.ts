import type { HttpContext } from '../http.js'
import type { SignedPasskeyClaims } from '../signed-passkey-data.js'

/** Your application's user: what Corbado needs to know of it. */
export interface ConnectUser {
  /** The WebAuthn identifier: stable and unique, preferably a UUID. Logins carry it as the claim `webauthnId`. */
  readonly identifier: string
  /** The name that authenticators show. Default: `identifier`. */
  readonly displayName?: string | undefined
  /**
   * Corbado's ID of the user (`usr-…`), the claim `sub` of a passkey login. If you store it, `passkeys` and `forgetUser` need
   * no look-up.
   */
  readonly corbadoUserId?: string | null | undefined
}

/** A passkey login that Corbado verified. */
export interface PasskeyLogin<User> {
  readonly user: User
  readonly by: 'passkey'
  /** The verified claims. */
  readonly claims: SignedPasskeyClaims
}

/** A sign-in that your application checked itself, for example by password, and passed to `signIn`. */
export interface AppLogin<User> {
  readonly user: User
  readonly by: 'app'
  readonly claims?: undefined
}

/** What `createSession` creates a session for. */
export type SessionLogin<User> = PasskeyLogin<User> | AppLogin<User>

/** How and when the user of a request signed in. */
export interface SessionDescription {
  /** Unix time in seconds. */
  readonly signedInAt: number
  /** `passkey` for a passkey login, `app` for a sign-in that your application checked itself. */
  readonly by: 'passkey' | 'app'
  /** Corbado's ID of the passkey (`cre-…`), after a passkey login. */
  readonly passkeyId?: string | undefined
}

/** Which sessions to end: all of a user, or only those that began with one passkey. */
export interface SessionsToEnd {
  readonly user: ConnectUser
  /** Corbado's ID of the passkey (`cre-…`). Default: all sessions of the user, however they began. */
  readonly passkeyId?: string | undefined
  /** The ID of the Corbado project that the sessions belong to. */
  readonly projectId: string
}

/** A user, or nobody. */
export type Found<User> = User | null | undefined

/** Looks a user up by identifier, through the option `findUser`. */
export type FindUser<User> = (identifier: string) => Promise<User | null>

/**
 * How your application keeps sessions: a ready-made strategy, or your own hooks.
 * To refuse a request on purpose, throw what `refuse(…)` returns.
 */
export interface SessionStrategy<User extends ConnectUser, Context extends HttpContext> {
  /** Returns the user of this request, or null. */
  getUser(context: Context, findUser: FindUser<User>): Found<User> | Promise<Found<User>>
  /**
   * Creates the session of a verified login. Called once per login and awaited. The return value is sent as JSON;
   * `undefined` answers 204. The hook may also send the response itself.
   */
  createSession(login: SessionLogin<User>, context: Context): unknown
  /** Ends the session of this request. Required for `signOut`. */
  destroySession?(context: Context): unknown
  /** Continues the session of this request, keeping its start. Returns the response body, or null without a session. */
  renewSession?(context: Context, findUser: FindUser<User>): unknown
  /** Tells how and when the user of this request signed in, or null where that is unknown. */
  describeSession?(context: Context): SessionDescription | null | Promise<SessionDescription | null>
  /**
   * Ends sessions of a user before their time; a login right afterwards must work. Called outside a request. Required for
   * `endSessions`; `passkeys.revoke`, `passkeys.revokeAll` and `forgetUser` call it if it is there.
   */
  endSessions?(sessions: SessionsToEnd): unknown
  /** The default of the option with the same name. Default: false. */
  readonly allowNonBrowserClients?: boolean
}

/** A ready-made strategy. It fits every adapter and every user type that `LoginUser` admits. */
export interface ReadyMadeStrategy<LoginUser extends ConnectUser> {
  getUser<User extends LoginUser>(context: HttpContext, findUser: FindUser<User>): Promise<User | null>
  createSession(login: SessionLogin<LoginUser>, context: HttpContext): Promise<SessionAnswer>
  /** With `revocations`, this also ends every copy of the session. */
  destroySession(context: HttpContext): Promise<void>
  /** Returns null where there is no session, or where `maxSessionSeconds` does not allow a longer one. */
  renewSession(context: HttpContext, findUser: FindUser<LoginUser>): Promise<SessionAnswer | null>
  describeSession(context: HttpContext): Promise<SessionDescription | null>
  /** Only with `revocations`. */
  readonly endSessions?: (sessions: SessionsToEnd) => Promise<void>
  readonly allowNonBrowserClients: boolean
}

/** What the ready-made strategies answer. */
export interface SessionAnswer {
  readonly success: true
  /** Only for clients that keep their own token. */
  readonly accessToken?: string
  readonly tokenType?: 'Bearer'
  /** Seconds. */
  readonly expiresIn?: number
}
