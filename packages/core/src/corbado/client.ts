import { type CorbadoClientOptions, clientOptionsFromEnv, resolveClientOptions } from './client-options.js'
import { type CallOptions, ConnectTokens } from './connect-tokens.js'
import { Credentials } from './credentials.js'
import { Identifiers } from './identifiers.js'
import { RepeatableCalls } from './repeatable-call.js'
import type { VerificationResult } from './schemas.js'
import { Transport } from './transport.js'
import { Users } from './users.js'
import { callVerification, type VerificationSettings } from './verification-call.js'

/**
 * A typed client for the part of Corbado's Backend API that Corbado Connect needs. Create one per project and keep it.
 *
 * @throws TypeError if an option is wrong; the message names it
 * @see https://docs.corbado.com/api-reference/backend-api
 */
export class CorbadoClient {
  /** The project that this client belongs to. */
  readonly projectId: string
  /** Connect tokens: create, list, update, delete. */
  readonly connectTokens: ConnectTokens
  /** Passkeys: verify the signedPasskeyData of a login. */
  readonly passkeys: Passkeys
  /** Users: list, get, create, delete. */
  readonly users: Users
  /** The passkeys of a user: list, delete. */
  readonly credentials: Credentials
  /** Identifiers of users, such as e-mail addresses: list, create, update, delete. */
  readonly identifiers: Identifiers
  readonly #transport: Transport

  constructor(options: CorbadoClientOptions) {
    const { projectId, authorization, origin, timeoutMs, verifySignedDataPath, dispatcher, upstreamLimit } =
      resolveClientOptions(options)
    this.projectId = projectId
    this.#transport = new Transport({
      origin,
      timeoutMs,
      dispatcher,
      upstreamLimit,
      headers: { authorization, 'x-corbado-projectid': projectId },
    })
    const calls = new RepeatableCalls(this.#transport, timeoutMs, projectId)
    this.connectTokens = new ConnectTokens(calls)
    this.users = new Users(calls)
    this.credentials = new Credentials(calls)
    this.identifiers = new Identifiers(calls)
    this.passkeys = new Passkeys(this.#transport, {
      projectId,
      timeoutMs,
      path: verifySignedDataPath,
      mayRetry: dispatcher === undefined,
    })
  }

  /**
   * Creates a client from `CORBADO_PROJECT_ID`, `CORBADO_API_SECRET` or `CORBADO_API_KEY`, and `CORBADO_BACKEND_API`.
   *
   * @throws TypeError if a variable is missing or wrong; the message names it
   */
  static fromEnv(env: NodeJS.ProcessEnv = process.env): CorbadoClient {
    return new CorbadoClient(clientOptionsFromEnv(env))
  }

  /** Waits for what is under way and closes the connections. A `dispatcher` that you passed in stays open. */
  close(): Promise<void> {
    return this.#transport.close()
  }
}

/** The verification of passkey logins. */
export class Passkeys {
  readonly #transport: Transport
  readonly #settings: VerificationSettings

  /** @internal */
  constructor(transport: Transport, settings: VerificationSettings) {
    this.#transport = transport
    this.#settings = settings
  }

  /**
   * Asks Corbado for its verdict on a signedPasskeyData. It is for single use and sent at most once. Only `success` is a
   * login.
   *
   * @throws CorbadoError `CORBADO_OUTCOME_UNKNOWN` (sent, no verdict), `CORBADO_PASSKEY_REJECTED` (refused with a 4xx),
   *   `CORBADO_UPSTREAM_UNAVAILABLE`, `CORBADO_UPSTREAM_BUSY`, `CORBADO_OVERLOADED` (nothing was processed)
   * @see https://docs.corbado.com/api-reference/backend-api/passkeys/verify-signedpasskeydata-from-a-passkey-login
   */
  verifySignedData(
    request: { readonly signedPasskeyData: string; readonly username: string },
    options: CallOptions = {},
  ): Promise<{ verificationResult: VerificationResult }> {
    return callVerification(request, this.#settings, this.#transport, options)
  }
}
