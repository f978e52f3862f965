import { type CorbadoClientOptions, clientOptionsFromEnv, resolveClientOptions } from './client-options.js'
import { callConnectTokens } from './connect-token-call.js'
import { RetryBudget } from './retry.js'
import type { ConnectTokenType, VerificationResult } from './schemas.js'
import {
  type ConnectToken,
  type ConnectTokenList,
  connectTokenListSchema,
  connectTokenSchema,
  matches,
} from './schemas.js'
import { Transport } from './transport.js'
import { callVerification } from './verification-call.js'

/** Whom and what a connect token is for. */
export type CreateConnectToken =
  | {
      readonly type: 'passkey-append'
      readonly data: { readonly identifier: string; readonly displayName: string }
      /** Seconds. */
      readonly maxLifetimeInSeconds?: number
    }
  | {
      readonly type: Exclude<ConnectTokenType, 'passkey-append'>
      readonly data: { readonly identifier: string }
      /** Seconds. */
      readonly maxLifetimeInSeconds?: number
    }

/** Which connect tokens to list. */
export interface ListConnectTokens {
  readonly sort?: string
  /** Each `field:eq|gt|lt:value`. */
  readonly filter?: readonly string[]
  /** From 1. */
  readonly page?: number
  readonly pageSize?: number
}

/** Options of a single call. */
export interface CallOptions {
  /** Ends the call early with the signal's reason; a verification that was sent ends with `CORBADO_OUTCOME_UNKNOWN`. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Corbado's Backend API, typed: the calls that Corbado Connect needs of a server. Create one per project and keep it.
 *
 * @throws TypeError where an option is wrong, by its name
 * @see https://docs.corbado.com/api-reference/backend-api
 */
export class CorbadoClient {
  /** The project that this client speaks for. */
  readonly projectId: string
  /** Connect tokens: create, list, update, delete. */
  readonly connectTokens: ConnectTokens
  /** Passkeys: verify the signedPasskeyData of a login. */
  readonly passkeys: Passkeys
  readonly #transport: Transport

  constructor(options: CorbadoClientOptions) {
    const { projectId, authorization, origin, timeoutMs, verifySignedDataPath, dispatcher } =
      resolveClientOptions(options)
    this.projectId = projectId
    this.#transport = new Transport({
      origin,
      timeoutMs,
      dispatcher,
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
   * A client from `CORBADO_PROJECT_ID`, `CORBADO_API_SECRET` or `CORBADO_API_KEY`, and `CORBADO_BACKEND_API`.
   *
   * @throws TypeError where a variable is missing or wrong, by its name
   */
  static fromEnv(env: NodeJS.ProcessEnv = process.env): CorbadoClient {
    return new CorbadoClient(clientOptionsFromEnv(env))
  }

  /** Waits for what is under way and closes the connections of our own. */
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
  create(request: CreateConnectToken, options: CallOptions = {}): Promise<ConnectToken> {
    const isAnswer = (body: unknown): body is ConnectToken =>
      matches(connectTokenSchema, body) && body.tokenType === request.type
    return this.#call({ method: 'POST', path: '/v2/connectTokens', body: JSON.stringify(request), isAnswer }, options)
  }

  /** Lists connect tokens, without their secrets. */
  list(query: ListConnectTokens = {}, options: CallOptions = {}): Promise<ConnectTokenList> {
    const search = new URLSearchParams()
    if (query.sort !== undefined) search.append('sort', query.sort)
    for (const filter of query.filter ?? []) search.append('filter[]', filter)
    if (query.page !== undefined) search.append('page', String(query.page))
    if (query.pageSize !== undefined) search.append('pageSize', String(query.pageSize))
    const path = search.size === 0 ? '/v2/connectTokens' : `/v2/connectTokens?${search}`
    const isAnswer = (body: unknown): body is ConnectTokenList => matches(connectTokenListSchema, body)
    return this.#call({ method: 'GET', path, isAnswer }, options)
  }

  /** Sets the status of a connect token. @param id `ctk-…` */
  async update(
    id: string,
    change: { readonly status: 'initial' | 'consumed' },
    options: CallOptions = {},
  ): Promise<void> {
    const body = JSON.stringify({ status: change.status })
    await this.#call({ method: 'PATCH', path: tokenPath(id), body, isAnswer: isObject, names: 'one token' }, options)
  }

  /** Deletes a connect token. @param id `ctk-…` */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#call({ method: 'DELETE', path: tokenPath(id), isAnswer: isObject, names: 'one token' }, options)
  }

  #call<Answer>(
    request: Omit<Parameters<typeof callConnectTokens<Answer>>[0], 'timeoutMs' | 'signal'>,
    { signal }: CallOptions,
  ): Promise<Answer> {
    return callConnectTokens({ ...request, timeoutMs: this.#timeoutMs, signal }, this.#transport, this.#budget)
  }
}

/** The verification of passkey logins. */
export class Passkeys {
  readonly #transport: Transport
  readonly #settings: { timeoutMs: number; path: string; mayRetry: boolean }

  /** @internal */
  constructor(transport: Transport, settings: { timeoutMs: number; path: string; mayRetry: boolean }) {
    this.#transport = transport
    this.#settings = settings
  }

  /**
   * Asks Corbado for its verdict on a signedPasskeyData: single use, sent at most once. Only `success` is a login.
   *
   * @throws CorbadoError `CORBADO_OUTCOME_UNKNOWN` (sent, no verdict), `CORBADO_PASSKEY_REJECTED` (refused with a 4xx),
   *   `CORBADO_UPSTREAM_UNAVAILABLE`, `CORBADO_UPSTREAM_BUSY`, `CORBADO_OVERLOADED` (nothing was processed)
   * @see https://docs.corbado.com/api-reference/backend-api/passkeys/verify-signedpasskeydata-from-a-passkey-login
   */
  async verifySignedData(
    request: { readonly signedPasskeyData: string; readonly username: string },
    { signal }: CallOptions = {},
  ): Promise<{ verificationResult: VerificationResult }> {
    return { verificationResult: await callVerification(request, { ...this.#settings, signal }, this.#transport) }
  }
}

function tokenPath(id: string): string {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) throw new TypeError('id: the ID of a connect token (ctk-…) was expected')
  return `/v2/connectTokens/${id}`
}

function isObject(body: unknown): body is object {
  return typeof body === 'object' && body !== null
}
