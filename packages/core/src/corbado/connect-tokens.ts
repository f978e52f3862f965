import { isRecord } from './checks.js'
import { type ListQuery, listPath, maxListBytes } from './list.js'
import { pathOf } from './object-id.js'
import type { Recipient } from './recipient.js'
import type { RepeatableCalls } from './repeatable-call.js'
import {
  type ConnectToken,
  type ConnectTokenList,
  type ConnectTokenType,
  isConnectToken,
  isConnectTokenList,
} from './schemas.js'

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

/** Options of a single call. */
export interface CallOptions {
  /**
   * Ends the call early: it rejects with the signal's reason. A verification that was already sent rejects with
   * `CORBADO_OUTCOME_UNKNOWN` instead.
   */
  readonly signal?: AbortSignal | undefined
  /** @internal */
  readonly recipient?: Recipient | undefined
}

/**
 * The connect-token calls. All of them throw `CorbadoError` with `CORBADO_UPSTREAM_REJECTED`,
 * `CORBADO_UPSTREAM_INVALID_RESPONSE`, `CORBADO_UPSTREAM_UNAVAILABLE`, `CORBADO_UPSTREAM_BUSY`, `CORBADO_OVERLOADED` or
 * `CORBADO_UPSTREAM_TIMEOUT`.
 *
 * @see https://docs.corbado.com/api-reference/backend-api/connecttokens/create-a-connecttoken
 */
export class ConnectTokens {
  readonly #calls: RepeatableCalls

  /** @internal */
  constructor(calls: RepeatableCalls) {
    this.#calls = calls
  }

  /** Creates a connect token. Its `secret` is returned this once; `expires` is Unix time in seconds. */
  create(request: CreateConnectToken, { signal, recipient }: CallOptions = {}): Promise<ConnectToken> {
    const { type, data } = request
    // An answer about another user or type must not be handed out.
    const isAnswer = (body: unknown): body is ConnectToken =>
      isConnectToken(body) &&
      body.tokenType === type &&
      (body.data?.identifier === undefined || body.data.identifier === data.identifier)
    const body = JSON.stringify(request)
    return this.#calls.send({
      operation: 'connectTokens.create',
      method: 'POST',
      path: '/v2/connectTokens',
      body,
      isAnswer,
      signal,
      recipient,
    })
  }

  /** Lists connect tokens, without their secrets. */
  async list(query: ListQuery = {}, { signal }: CallOptions = {}): Promise<ConnectTokenList> {
    const path = listPath('/v2/connectTokens', query)
    return this.#calls.send({
      operation: 'connectTokens.list',
      method: 'GET',
      path,
      isAnswer: isConnectTokenList,
      maxResponseBytes: maxListBytes,
      signal,
    })
  }

  /** Sets the status of a connect token. @param id `ctk-…` */
  async update(
    id: string,
    change: { readonly status: 'initial' | 'consumed' },
    { signal }: CallOptions = {},
  ): Promise<void> {
    const path = pathOf`/v2/connectTokens/${id}`
    const body = JSON.stringify({ status: change.status })
    await this.#calls.send({
      operation: 'connectTokens.update',
      method: 'PATCH',
      path,
      body,
      isAnswer: isRecord,
      notFoundIsRejection: true,
      signal,
    })
  }

  /** Deletes a connect token. @param id `ctk-…` */
  async delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    const path = pathOf`/v2/connectTokens/${id}`
    await this.#calls.send({
      operation: 'connectTokens.delete',
      method: 'DELETE',
      path,
      isAnswer: isRecord,
      notFoundIsRejection: true,
      signal,
    })
  }
}
