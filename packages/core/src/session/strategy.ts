import type { HttpContext } from '../http.js'
import type { SignedPasskeyClaims } from '../signed-passkey-data.js'

/** The application's user, as far as passkeys need to know. */
export interface ConnectUser {
  /** The WebAuthn identifier: stable and unique, best a UUID. It comes back as the claim `webauthnId`. */
  readonly identifier: string
  /** Shown by the authenticator; `identifier` where it is missing. */
  readonly displayName?: string | undefined
}

/** A login that a session is to be created for. */
export interface Login<User> {
  readonly user: User
  /** The verified claims of a passkey login; null for a sign-in of your own (`signIn`). */
  readonly claims: SignedPasskeyClaims | null
}

/** A user, or nobody. */
export type Found<User> = User | null | undefined

/** Looks a user up by identifier, through the option `findUser`. */
export type FindUser<User> = (identifier: string) => Promise<User | null>

/**
 * What a session is, in this application: a ready-made strategy, or hooks of your own.
 * A hook that throws an error with a `statusCode` from 400 to 499 refuses on purpose.
 */
export interface SessionStrategy<User extends ConnectUser, Context extends HttpContext> {
  /** The user of this request, or null. */
  getUser(context: Context, findUser: FindUser<User>): Found<User> | Promise<Found<User>>
  /**
   * Creates the session of a verified login: called once per login and awaited. What it returns is the JSON body of the
   * answer; `undefined` answers 204. It may send the response itself.
   */
  createSession(login: Login<User>, context: Context): unknown
  /** Ends the session of this request. Needed for `signOut`. */
  destroySession?(context: Context): unknown
  /** Default of the option of the same name; false where it is missing. */
  readonly allowNonBrowserClients?: boolean
}

/** A ready-made strategy: it fits every adapter and every user type that `LoginUser` admits. */
export interface ReadyMadeStrategy<LoginUser extends ConnectUser> {
  getUser<User extends ConnectUser>(context: HttpContext, findUser: FindUser<User>): Promise<User | null>
  createSession(login: Login<LoginUser>, context: HttpContext): Promise<SessionAnswer>
  destroySession(context: HttpContext): void
  readonly allowNonBrowserClients: boolean
}

/** What the ready-made strategies answer. */
export interface SessionAnswer {
  readonly success: true
  /** Only for clients that keep their token themselves. */
  readonly accessToken?: string
  readonly tokenType?: 'Bearer'
  /** Seconds. */
  readonly expiresIn?: number
}
