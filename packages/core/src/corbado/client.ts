import { type CorbadoClientOptions, clientOptionsFromEnv, resolveClientOptions } from './client-options.js'
import { callConnectTokens } from './connect-token-call.js'
import { RetryBudget } from './retry.js'
import {
  type ConnectToken,
  type ConnectTokenList,
  type ConnectTokenType,
  isConnectToken,
  isConnectTokenList,
  isRecord,
  type VerificationResult,
} from './schemas.js'
import { Transport } from './transport.js'
import { callVerification, type VerificationSettings } from './verification-call.js'

/** What a connect token is for, and for whom. */
export type CreateConnectToken =
  | {
      readonly type: 'passkey-append'
      /** `identifier` is the user's WebAuthn identifier; the passkey is shown with `displayName`. */
      readonly data: { readonly identifier: string; readonly displayName: string }
      /** How long the token is valid, in seconds. Default: Corbado's. */
      readonly maxLifetimeInSeconds?: number | undefined
    }
  | {
      readonly type: Exclude<ConnectTokenType, 'passkey-append'>
      /** `identifier` is the user's WebAuthn identifier. */
      readonly data: { readonly identifier: string }
      /** How long the token is valid, in seconds. Default: Corbado's. */
      readonly maxLifetimeInSeconds?: number | undefined
    }

/** Which connect tokens to list. */
export interface ListConnectTokens {
  /** For example `created:desc`. */
  readonly sort?: string | undefined
  /** Each `field:eq|gt|lt:value`. */
  readonly filter?: readonly string[] | undefined
  /** From 1. Default 1. */
  readonly page?: number | undefined
  /** Default 10. */
  readonly pageSize?: number | undefined
}

/** Options of a single call. */
export interface CallOptions {
  /**
   * Ends the call early: it rejects with the signal's reason. A verification that was already sent rejects with
   * `CORBADO_OUTCOME_UNKNOWN` instead.
   */
  readonly signal?: AbortSignal | undefined
}

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
    this.connectTokens = new ConnectTokens(this.#transport, timeoutMs)
    this.passkeys = new Passkeys(this.#transport, {
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

/**
 * The connect-token calls. All of them throw `CorbadoError` with `CORBADO_UPSTREAM_REJECTED`,
 * `CORBADO_UPSTREAM_INVALID_RESPONSE`, `CORBADO_UPSTREAM_UNAVAILABLE`, `CORBADO_UPSTREAM_BUSY`, `CORBADO_OVERLOADED` or
 * `CORBADO_UPSTREAM_TIMEOUT`.
 *
 * @see https://docs.corbado.com/api-reference/backend-api/connecttokens/create-a-connecttoken
 */
export class ConnectTokens {
  readonly #transport: Transport
  readonly #timeoutMs: number
  readonly #budget = new RetryBudget()

  /** @internal */
  constructor(transport: Transport, timeoutMs: number) {
    this.#transport = transport
    this.#timeoutMs = timeoutMs
  }

  /** Creates a connect token. Its `secret` is returned this once; `expires` is Unix time in seconds. */
  create(request: CreateConnectToken, { signal }: CallOptions = {}): Promise<ConnectToken> {
    const { type, data } = request
    // An answer about another user or type must not be handed out.
    const isAnswer = (body: unknown): body is ConnectToken =>
      isConnectToken(body) &&
      body.tokenType === type &&
      (body.data?.identifier === undefined || body.data.identifier === data.identifier)
    const body = JSON.stringify(request)
    const timeoutMs = this.#timeoutMs
    return callConnectTokens(
      { method: 'POST', path: '/v2/connectTokens', body, isAnswer, timeoutMs, signal },
      this.#transport,
      this.#budget,
    )
  }

  /** Lists connect tokens, without their secrets. */
  list(query: ListConnectTokens = {}, { signal }: CallOptions = {}): Promise<ConnectTokenList> {
    const search = new URLSearchParams()
    if (query.sort !== undefined) search.append('sort', query.sort)
    for (const filter of query.filter ?? []) search.append('filter[]', filter)
    if (query.page !== undefined) search.append('page', String(query.page))
    if (query.pageSize !== undefined) search.append('pageSize', String(query.pageSize))
    const path = search.size === 0 ? '/v2/connectTokens' : `/v2/connectTokens?${search}`
    return callConnectTokens(
      { method: 'GET', path, isAnswer: isConnectTokenList, timeoutMs: this.#timeoutMs, signal },
      this.#transport,
      this.#budget,
    )
  }

  /** Sets the status of a connect token. @param id `ctk-…` */
  async update(
    id: string,
    change: { readonly status: 'initial' | 'consumed' },
    options: CallOptions = {},
  ): Promise<void> {
    await this.#callOne('PATCH', id, JSON.stringify({ status: change.status }), options)
  }

  /** Deletes a connect token. @param id `ctk-…` */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#callOne('DELETE', id, undefined, options)
  }

  async #callOne(
    method: 'PATCH' | 'DELETE',
    id: string,
    body: string | undefined,
    { signal }: CallOptions,
  ): Promise<void> {
    const path = tokenPath(id)
    await callConnectTokens(
      { method, path, body, isAnswer: isRecord, notFoundIsRejection: true, timeoutMs: this.#timeoutMs, signal },
      this.#transport,
      this.#budget,
    )
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
    { signal }: CallOptions = {},
  ): Promise<{ verificationResult: VerificationResult }> {
    return callVerification(request, this.#settings, this.#transport, signal)
  }
}

function tokenPath(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) throw new TypeError('`id` must be the ID of a connect token (ctk-…)')
  return `/v2/connectTokens/${id}`
}
