import {
  assertConnectOptionNames,
  type ConnectOptions,
  type ConnectSettings,
  resolveConnectOptions,
} from './connect-options.js'
import type { CorbadoClient } from './corbado/client.js'
import type { CallOptions } from './corbado/connect-tokens.js'
import { type Recipient, throwIfLeft } from './corbado/recipient.js'
import { type ConnectTokenType, isConnectTokenType, type VerificationResult } from './corbado/schemas.js'
import { CorbadoError, isCorbadoError } from './errors.js'
import { type HookFailure, runCreateSession, runHook } from './hooks.js'
import type { HttpContext } from './http.js'
import { displayNameOf, exactUser, identifierOf, isIdentifier } from './identifier.js'
import { assertWholeNumber } from './option-checks.js'
import { UserPasskeys } from './passkeys.js'
import { Reservations } from './replay/reservation.js'
import type { Trace } from './routes/events.js'
import type { ConnectUser } from './session/strategy.js'
import {
  assertAge,
  checkSignedPasskeyData,
  maxLifetimeSeconds,
  type SignedPasskeyClaims,
} from './signed-passkey-data.js'
import { closeGraceMs, waitAtMost } from './time-limit.js'

/** A connect token for the frontend. */
export interface IssuedConnectToken {
  /** The secret that the frontend passes to Corbado. It is valid for one operation. */
  readonly connectToken: string
  /** When the token expires, in Unix seconds. */
  readonly expiresAt: number
}

/** A step-up request. */
export interface PasskeyVerification<User extends ConnectUser> {
  /** Whose passkey it must be. */
  readonly user: User
  /** The JWT of the passkey login, from the page or app. */
  readonly signedPasskeyData: string
  /**
   * How long ago the passkey may have been used, in seconds (1 to 420), by the claim `iat` and this server's clock. Default:
   * as long as the token is valid.
   */
  readonly maxAgeSeconds?: number | undefined
}

/** The two flows, without a web framework. */
export interface Connect<User extends ConnectUser, Context extends HttpContext> {
  /** The client that the flows use. */
  readonly client: CorbadoClient
  /**
   * Creates a connect token for a signed-in user, also for server-rendered pages. `expiresAt` is Unix time in seconds.
   * The option `tokenTypes` does not limit this call. A `displayName` of more than 256 characters is refused. `signal` ends the
   * call early: it rejects with the signal's reason.
   *
   * @throws CorbadoError `CORBADO_UPSTREAM_*`, `CORBADO_OVERLOADED`, `CORBADO_SHUTTING_DOWN`, `CORBADO_TYPE_NOT_ALLOWED`,
   *   `CORBADO_HOOK_FAILED` (the user has no usable `identifier` or `displayName`)
   * @see https://docs.corbado.com/corbado-connect/concepts/connect-token
   */
  issueConnectToken(
    request: { readonly user: User; readonly type: ConnectTokenType },
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<IssuedConnectToken>
  /**
   * Verifies a passkey login with Corbado and creates the session, at most once per token.
   *
   * @returns what `createSession` returned
   * @throws CorbadoError `CORBADO_INVALID_REQUEST`, `CORBADO_PASSKEY_REJECTED`, `CORBADO_TOKEN_ALREADY_USED`,
   *   `CORBADO_OUTCOME_UNKNOWN`, `CORBADO_UPSTREAM_UNAVAILABLE`, `CORBADO_UPSTREAM_BUSY`, `CORBADO_STORE_UNAVAILABLE`,
   *   `CORBADO_OVERLOADED`, `CORBADO_SHUTTING_DOWN`, `CORBADO_HOOK_FAILED`, `CORBADO_SESSION_FAILED`
   * @see https://docs.corbado.com/corbado-connect/concepts/signed-passkey-data
   */
  verifyLogin(request: { readonly signedPasskeyData: string }, context: Context): Promise<unknown>
  /**
   * Step-up: verifies that a passkey of *this* user was just used. No session is created. A passkey of another user is
   * refused without a call to Corbado.
   *
   * @returns the verified claims
   * @throws CorbadoError the same codes as {@link Connect.verifyLogin}, except those of hooks
   * @throws TypeError if `maxAgeSeconds` is wrong
   */
  verifyPasskey(request: PasskeyVerification<User>): Promise<SignedPasskeyClaims>
  /** The passkeys of your users at Corbado: `list`, `exists`, `revoke`, `revokeAll`. */
  readonly passkeys: Pick<UserPasskeys, 'list' | 'exists' | 'revoke' | 'revokeAll'>
  /**
   * Deletes a user at Corbado with all passkeys, for example because the account was deleted. You can repeat the call.
   *
   * @returns whether Corbado knew the user
   * @throws CorbadoError `CORBADO_UPSTREAM_*`, `CORBADO_OVERLOADED`, `CORBADO_STORE_UNAVAILABLE`, `CORBADO_SHUTTING_DOWN`,
   *   `CORBADO_HOOK_FAILED` (the user has no usable `identifier`)
   */
  forgetUser(user: ConnectUser): Promise<{ found: boolean }>
  /** Waits for running calls, refuses new ones with `CORBADO_SHUTTING_DOWN`, and closes what was created here. */
  close(): Promise<void>
}

/**
 * The flows, for a framework of your own. The Fastify and Express adapters are built on them.
 *
 * @throws TypeError that names the wrong option
 */
export function createConnect<User extends ConnectUser, Context extends HttpContext = HttpContext>(
  options: ConnectOptions<User, Context>,
): Connect<User, Context> {
  assertConnectOptionNames(options)
  return new ConnectFlows(resolveConnectOptions('createConnect', options))
}

/** Implements {@link Connect}. The adapters' routes pass a trace for their events. */
export class ConnectFlows<User extends ConnectUser, Context extends HttpContext> implements Connect<User, Context> {
  readonly passkeys: Connect<User, Context>['passkeys']
  readonly #userPasskeys: UserPasskeys
  readonly #settings: ConnectSettings<User, Context>
  readonly #reservations: Reservations
  readonly #running = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(settings: ConnectSettings<User, Context>) {
    this.#settings = settings
    const passkeys = new UserPasskeys(settings)
    this.#userPasskeys = passkeys
    this.passkeys = {
      list: (user) => this.#track(() => passkeys.list(user)),
      exists: (user) => this.#track(() => passkeys.exists(user)),
      revoke: (user, passkeyId) => this.#track(() => passkeys.revoke(user, passkeyId)),
      revokeAll: (user) => this.#track(() => passkeys.revokeAll(user)),
    }
    this.#reservations = new Reservations(settings.replayStore)
  }

  get client(): CorbadoClient {
    return this.#settings.client
  }

  /** Whether {@link Connect.close} was called. */
  get closing(): boolean {
    return this.#closing !== undefined
  }

  issueConnectToken(
    { user, type }: { readonly user: User; readonly type: ConnectTokenType },
    options: CallOptions = {},
  ): Promise<IssuedConnectToken> {
    return this.#track(async () => {
      if (!isConnectTokenType(type)) throw new CorbadoError('TYPE_NOT_ALLOWED', { reason: 'type_unknown' })
      const identifier = identifierOf(user, 'issueConnectToken was given')
      const displayName = displayNameOf(user) || identifier
      const maxLifetimeInSeconds = this.#settings.tokenLifetimeSeconds
      const token = await this.client.connectTokens.create(
        type === 'passkey-append'
          ? { type, data: { identifier, displayName }, maxLifetimeInSeconds }
          : { type, data: { identifier }, maxLifetimeInSeconds },
        options,
      )
      return { connectToken: token.secret, expiresAt: token.expires }
    })
  }

  verifyLogin(
    { signedPasskeyData }: { readonly signedPasskeyData: string },
    context: Context,
    caller: Caller = {},
  ): Promise<unknown> {
    return this.#track(async () => {
      const secrets = [signedPasskeyData]
      const { claims, identifier } = await this.#verify(
        signedPasskeyData,
        (unverified) =>
          runHook(
            'HOOK_FAILED',
            'expectedIdentifier',
            () => this.#settings.expectedIdentifier(unverified, context),
            secrets,
          ),
        caller,
      )
      throwIfUnreceived(caller)
      const user = await this.#findUser('SESSION_FAILED', identifier, context, secrets)
      if (user === null) throw new CorbadoError('PASSKEY_REJECTED', { reason: 'user_not_found' })
      throwIfUnreceived(caller)
      return runCreateSession(
        () => this.#settings.createSession({ user, by: 'passkey', claims }, context),
        context,
        secrets,
      )
    })
  }

  verifyPasskey(
    { user, signedPasskeyData, maxAgeSeconds }: PasskeyVerification<User>,
    caller: Caller = {},
  ): Promise<SignedPasskeyClaims> {
    return this.#track(async () => {
      if (maxAgeSeconds !== undefined) {
        assertWholeNumber('verifyPasskey.maxAgeSeconds', maxAgeSeconds, 1, maxLifetimeSeconds)
      }
      const identifier = identifierOf(user, 'verifyPasskey was given')
      caller.identifier = identifier
      const expected = async (unverified: SignedPasskeyClaims): Promise<string> => {
        if (maxAgeSeconds !== undefined) assertAge(unverified, maxAgeSeconds)
        return identifier
      }
      const { claims } = await this.#verify(signedPasskeyData, expected, caller)
      return claims
    })
  }

  forgetUser(user: ConnectUser): Promise<{ found: boolean }> {
    return this.#track(() => this.#userPasskeys.forgetUser(user))
  }

  /** The application's user for an identifier, or null. @throws CorbadoError `CORBADO_HOOK_FAILED` */
  findUser(identifier: string, context: Context): Promise<User | null> {
    return this.#findUser('HOOK_FAILED', identifier, context)
  }

  async close(graceMs = closeGraceMs): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close(graceMs: number): Promise<void> {
    await waitAtMost(graceMs, Promise.allSettled(this.#running))
    this.#reservations.close()
    if (this.#settings.ownsClient) await this.client.close()
  }

  #track<Result>(flow: () => Promise<Result>): Promise<Result> {
    if (this.closing) return Promise.reject(new CorbadoError('SHUTTING_DOWN', { reason: 'closing' }))
    const running = flow()
    this.#running.add(running)
    const done = () => this.#running.delete(running)
    running.then(done, done)
    return running
  }

  /** Local check → reserve → verdict → mark used. Resolves only with a login that Corbado accepted, once per token. */
  async #verify(
    signedPasskeyData: string,
    expectedFor: (unverified: SignedPasskeyClaims) => Promise<string>,
    caller: Caller,
  ): Promise<{ claims: SignedPasskeyClaims; identifier: string }> {
    const token = checkSignedPasskeyData(signedPasskeyData, this.#settings.localCheck)
    const { webauthnId } = token.claims
    caller.claims = token.claims
    caller.identifier ??= webauthnId
    const identifier = await expectedFor(token.claims)
    if (!isIdentifier(identifier)) throw new CorbadoError('PASSKEY_REJECTED', { reason: 'expected_identifier' })
    caller.identifier = identifier
    // Whether Corbado ignores case or accents is not documented, so the identifiers must be the same here.
    if (identifier !== webauthnId) throw new CorbadoError('PASSKEY_REJECTED', { reason: 'user_mismatch' })
    throwIfLeft(caller.recipient)
    const reservation = await this.#reservations.reserve(token)
    try {
      throwIfLeft(caller.recipient)
      const { verificationResult } = await this.client.passkeys.verifySignedData(
        { signedPasskeyData, username: identifier },
        { recipient: caller.recipient },
      )
      assertAccepted(verificationResult)
    } catch (error) {
      // Only a complete refusal, or proof that nothing was processed, gives the token back.
      if (isCorbadoError(error) && error.code !== 'CORBADO_OUTCOME_UNKNOWN') await reservation.release()
      throw error
    }
    await reservation.markUsed()
    return { claims: token.claims, identifier }
  }

  async #findUser(
    failure: HookFailure,
    identifier: string,
    context: Context,
    secrets: readonly string[] = [],
  ): Promise<User | null> {
    const user = await runHook(failure, 'findUser', () => this.#settings.findUser(identifier, context), secrets)
    return exactUser(failure, user, identifier)
  }
}

/** Whom a flow works for, and what it learns for the event. Calls of the application have no recipient that may leave. */
export interface Caller extends Trace {
  readonly recipient?: Recipient | undefined
}

/** The login was verified and its token is spent, but a session that nobody receives must not exist. */
function throwIfUnreceived({ recipient }: Caller): void {
  if (recipient?.hasLeft === true) throw new CorbadoError('INVALID_REQUEST', { reason: 'client_left_after_verdict' })
}

function assertAccepted(verdict: VerificationResult): void {
  if (verdict === 'success') return
  if (verdict === 'generic_error') throw new CorbadoError('OUTCOME_UNKNOWN', { reason: verdict })
  throw new CorbadoError('PASSKEY_REJECTED', { reason: verdict })
}
