import type { HttpContext } from '../http.js'
import type { SignedPasskeyClaims } from '../signed-passkey-data.js'

/** The application's user, as far as passkeys need to know. */
export interface ConnectUser {
  /** The WebAuthn identifier: stable and unique, best a UUID. It comes back as the claim `webauthnId`. */
  readonly identifier: string
  /** Shown by the authenticator; `identifier` where it is missing. */
  readonly displayName?: string | undefined
}

/** A passkey login that Corbado verified. */
export interface VerifiedPasskeyLogin<User> {
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
export type Login<User> = VerifiedPasskeyLogin<User> | AppLogin<User>

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
