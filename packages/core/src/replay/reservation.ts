import { createHash, randomUUID } from 'node:crypto'
import { CorbadoError, isCorbadoError } from '../errors.js'
import { type CheckedSignedPasskeyData, clockSkewSeconds } from '../signed-passkey-data.js'
import { withinStoreTimeout } from '../time-limit.js'
import type { ReplayStore } from './store.js'

/** The shortest reservation, in milliseconds: hooks may hold several logins up until their token has just expired. */
const minReservationMs = 60_000

/** One token, held by one login: nobody else gets a session for it. */
export interface Reservation {
  /** Makes the reservation final. @throws CorbadoError `CORBADO_TOKEN_ALREADY_USED`, `CORBADO_STORE_UNAVAILABLE` */
  markUsed(): Promise<void>
  /** Gives the token back: it may be submitted again. Never throws; what stays reserved only expires. */
  release(): Promise<void>
}

/**
 * Reserves a token before its verification. No answer of the store within 250 ms counts as no.
 *
 * @throws CorbadoError `CORBADO_TOKEN_ALREADY_USED`, `CORBADO_STORE_UNAVAILABLE`
 */
export async function reserveToken(store: ReplayStore, token: CheckedSignedPasskeyData): Promise<Reservation> {
  // Not the token: its signature has several spellings. Not `jti`: before verification anybody can write one.
  const key = createHash('sha256').update(token.signingInput).digest('base64url')
  const owner = randomUUID()
  const ttlMs = Math.max(minReservationMs, Math.ceil((token.claims.exp + clockSkewSeconds) * 1000 - Date.now()))
  const release = async () => {
    try {
      await withinStoreTimeout(() => store.release(key, owner))
    } catch {
      // It stays reserved until it expires: the safe side.
    }
  }

  let reserved: boolean
  try {
    reserved = await withinStoreTimeout(
      () => store.reserve(key, owner, ttlMs),
      (reservedLate) => reservedLate && release(),
    )
  } catch (error) {
    // A command that failed or timed out may have been carried out all the same.
    void release()
    throw unavailable(error)
  }
  if (!reserved) throw new CorbadoError('TOKEN_ALREADY_USED', { reason: 'replay' })

  return {
    release,
    async markUsed() {
      const marked = await withinStoreTimeout(() => store.markUsed(key, owner)).catch((error: unknown) => {
        throw unavailable(error, { retryable: false })
      })
      if (!marked) throw new CorbadoError('TOKEN_ALREADY_USED', { reason: 'reservation_lost' })
    },
  }
}

function unavailable(cause: unknown, details: { retryable?: boolean } = {}): CorbadoError {
  if (isCorbadoError(cause) && details.retryable === undefined) return cause
  return new CorbadoError('STORE_UNAVAILABLE', { reason: 'replay_store', cause, ...details })
}
