import { CorbadoClient, type CorbadoClientOptions, isCorbadoError } from '@corbado-connect/core'

export const projectId = 'pro-7815296293940881620'
export const apiSecret = 'corbado1_canary-secret-4f7a'
/** The login that is verified; no answer of the fault server depends on what stands in it. */
export const login = { signedPasskeyData: 'canary.signed.passkey-data', username: 'jane' }
export const listToken = { type: 'passkey-list', data: { identifier: 'jane' } } as const

/** What became of a call, in values that can be compared. */
export type Outcome =
  | { readonly value: unknown }
  | {
      readonly code: string
      readonly statusCode: number
      readonly retryable: boolean
      readonly retryAfterSeconds?: number
      readonly reason?: string
      readonly requestId?: string
    }

export function clientOf(upstream: { readonly origin: string }, options: Partial<CorbadoClientOptions> = {}) {
  return new CorbadoClient({ projectId, apiSecret, backendApi: upstream.origin, ...options })
}

export const verify = (client: CorbadoClient, signal?: AbortSignal): Promise<Outcome> =>
  outcomeOf(client.passkeys.verifySignedData(login, { signal }))

export const create = (client: CorbadoClient, signal?: AbortSignal): Promise<Outcome> =>
  outcomeOf(client.connectTokens.create(listToken, { signal }))

/** Anything but a value or one of our errors is thrown on: it has no place in a table. */
export async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    return { value: await call }
  } catch (error) {
    if (!isCorbadoError(error)) throw error
    const { code, statusCode, retryable, retryAfterSeconds, reason, requestId } = error
    return {
      code,
      statusCode,
      retryable,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
      ...(reason === undefined ? {} : { reason }),
      ...(requestId === undefined ? {} : { requestId }),
    }
  }
}

/** Status and code in one word, for tables: `502 OUTCOME_UNKNOWN`, `503 UPSTREAM_UNAVAILABLE retryable`, `ok`. */
export function summary(outcome: Outcome): string {
  if ('value' in outcome) return 'ok'
  return `${outcome.statusCode} ${outcome.code.replace('CORBADO_', '')}${outcome.retryable ? ' retryable' : ''}`
}
