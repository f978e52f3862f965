import type { CorbadoClient } from './corbado/client.js'
import type { CallOptions } from './corbado/connect-tokens.js'
import { type Recipient, throwIfLeft } from './corbado/recipient.js'
import { type ConnectTokenType, isConnectTokenType, type VerificationResult } from './corbado/schemas.js'
import { CorbadoError, isCorbadoError } from './errors.js'
import { runHook } from './hooks.js'
import type { HttpContext } from './http.js'
import { reserveToken } from './replay/reservation.js'
import type { Trace } from './routes/events.js'
import { type ConnectOptions, resolveOptions, type Settings } from './routes/options.js'
import type { ConnectUser } from './session/strategy.js'
import { checkSignedPasskeyData, isIdentifier, type SignedPasskeyClaims } from './signed-passkey-data.js'
import { closeGraceMs, waitAtMost } from './time-limit.js'

/** A connect token for the frontend. */
export interface IssuedConnectToken {
  /** The secret that the frontend passes to Corbado. It is valid for one operation. */
  readonly connectToken: string
  /** When the token expires, in Unix seconds. */
  readonly expiresAt: number
}

/** The two flows, without a web framework. */
export interface Connect<User extends ConnectUser, Context extends HttpContext> {
  /** The client that the flows use. */
  readonly client: CorbadoClient
  /**
   * Creates a connect token for a signed-in user, also for server-rendered pages. `expiresAt` is Unix time in seconds.
   * The option `tokenTypes` is about clients: it does not limit this call. `signal` ends the call early: it rejects with
   * the signal's reason.
   *
   * @throws CorbadoError `CORBADO_UPSTREAM_*`, `CORBADO_OVERLOADED`, `CORBADO_SHUTTING_DOWN`, `CORBADO_TYPE_NOT_ALLOWED`
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
   * @see https://docs.corbado.com/corbado-connect/concepts/signedpasskeydata
   */
  verifyLogin(request: { readonly signedPasskeyData: string }, context: Context): Promise<unknown>
  /**
   * Step-up: verifies that a passkey of *this* user was just used. No session is created.
   *
   * @returns the verified claims
   * @throws CorbadoError the same codes as {@link Connect.verifyLogin}, but for those of hooks
   */
  verifyPasskey(request: { readonly user: User; readonly signedPasskeyData: string }): Promise<SignedPasskeyClaims>
  /** Lets what is under way finish, refuses what is new with `CORBADO_SHUTTING_DOWN`, and closes what was made here. */
  close(): Promise<void>
}

/**
 * The flows for a framework of your own; the Fastify and Express adapters are made of them.
 *
 * @throws TypeError that names the wrong option
 */
export function createConnect<User extends ConnectUser, Context extends HttpContext = HttpContext>(
  options: ConnectOptions<User, Context>,
): Connect<User, Context> {
  return new ConnectFlows(resolveOptions(options))
}

/** Implements {@link Connect}; the adapters' routes use it with a trace for their events. */
export class ConnectFlows<User extends ConnectUser, Context extends HttpContext> implements Connect<User, Context> {
  readonly #settings: Settings<User, Context>
  readonly #underWay = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(settings: Settings<User, Context>) {
    this.#settings = settings
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
      const identifier = identifierOf(user)
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
      const { claims, username } = await this.#verify(
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
      const user = await this.#findUser('SESSION_FAILED', username, context, secrets)
      if (user === null) throw new CorbadoError('PASSKEY_REJECTED', { reason: 'user_not_found' })
      throwIfUnreceived(caller)
      return runHook(
        'SESSION_FAILED',
        'createSession',
        async () => {
          const body = await this.#settings.session.createSession({ user, by: 'passkey', claims }, context)
          assertAnswer(body, context)
          return body
        },
        secrets,
      )
    })
  }

  verifyPasskey({
    user,
    signedPasskeyData,
  }: {
    readonly user: User
    readonly signedPasskeyData: string
  }): Promise<SignedPasskeyClaims> {
    return this.#track(async () => {
      const identifier = identifierOf(user)
      const { claims } = await this.#verify(signedPasskeyData, async () => identifier, {})
      return claims
    })
  }

  /** The user of this request by the session strategy, or null. */
  async currentUser(context: Context): Promise<User | null> {
    const user = await runHook('HOOK_FAILED', 'getUser', () =>
      this.#settings.session.getUser(context, (identifier) => this.#findUser('HOOK_FAILED', identifier, context)),
    )
    if (user === null || user === undefined) return null
    identifierOf(user)
    return user
  }

  /** What the hook `renewSession` returned; null where there is no session to renew. */
  async renewSession(context: Context): Promise<unknown> {
    const { session } = this.#settings
    if (session.renewSession === undefined) throw new TypeError('renewSession needs the hook session.renewSession')
    return runHook('HOOK_FAILED', 'renewSession', () =>
      session.renewSession?.(context, (identifier) => this.#findUser('HOOK_FAILED', identifier, context)),
    )
  }

  async close(graceMs = closeGraceMs): Promise<void> {
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close(graceMs: number): Promise<void> {
    await waitAtMost(graceMs, Promise.allSettled(this.#underWay))
    if (this.#settings.ownsClient) await this.client.close()
    if (this.#settings.ownsReplayStore) await this.#settings.replayStore.close?.()
  }

  #track<Result>(flow: () => Promise<Result>): Promise<Result> {
    if (this.closing) return Promise.reject(new CorbadoError('SHUTTING_DOWN', { reason: 'closing' }))
    const running = flow()
    this.#underWay.add(running)
    const done = () => this.#underWay.delete(running)
    running.then(done, done)
    return running
  }

  /** Local check → reserve → verdict → mark used. What comes out of here is a login that Corbado accepted, once. */
  async #verify(
    signedPasskeyData: string,
    usernameFor: (unverified: SignedPasskeyClaims) => Promise<string>,
    caller: Caller,
  ): Promise<{ claims: SignedPasskeyClaims; username: string }> {
    const token = checkSignedPasskeyData(signedPasskeyData, this.#settings.localCheck)
    caller.identifier = token.claims.webauthnId
    const username = await usernameFor(token.claims)
    if (!isIdentifier(username)) throw new CorbadoError('PASSKEY_REJECTED', { reason: 'expected_identifier' })
    caller.identifier = username
    throwIfLeft(caller.recipient)
    const reservation = await reserveToken(this.#settings.replayStore, token)
    try {
      throwIfLeft(caller.recipient)
      const { verificationResult } = await this.client.passkeys.verifySignedData(
        { signedPasskeyData, username },
        { recipient: caller.recipient },
      )
      assertAccepted(verificationResult)
    } catch (error) {
      // Only a complete refusal, or proof that nothing was processed, gives the token back.
      if (isCorbadoError(error) && error.code !== 'CORBADO_OUTCOME_UNKNOWN') await reservation.release()
      throw error
    }
    await reservation.markUsed()
    return { claims: token.claims, username }
  }

  async #findUser(
    failure: 'HOOK_FAILED' | 'SESSION_FAILED',
    identifier: string,
    context: Context,
    secrets: readonly string[] = [],
  ): Promise<User | null> {
    const user = await runHook(failure, 'findUser', () => this.#settings.findUser(identifier, context), secrets)
    // A look-up that folds case or accents finds somebody else.
    return user?.identifier === identifier ? user : null
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

/** Guards the answer of `createSession`: what cannot be sent must fail here, where the failure has a name. */
function assertAnswer(body: unknown, context: HttpContext): void {
  if (context.http.answered || body === undefined) return
  if (Object.values(context).includes(body))
    throw new TypeError('createSession returned the response without sending it')
  if (JSON.stringify(body) === undefined) throw new TypeError('createSession returned what is no JSON')
}

/** @throws CorbadoError `CORBADO_HOOK_FAILED` where the application's user has no identifier that can be sent */
export function identifierOf(user: ConnectUser): string {
  if (isIdentifier(user?.identifier)) return user.identifier
  throw new CorbadoError('HOOK_FAILED', { reason: 'user_without_identifier' })
}

function displayNameOf({ displayName }: { readonly displayName?: unknown }): string {
  if (displayName === undefined || displayName === null) return ''
  if (typeof displayName === 'string') return displayName
  throw new CorbadoError('HOOK_FAILED', { reason: 'user_display_name' })
}
