import { hash, randomFillSync } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { CorbadoError, isCorbadoError } from '../errors.js'
import { type CheckedSignedPasskeyData, clockSkewSeconds } from '../signed-passkey-data.js'
import { StoreFailures } from '../store-failures.js'
import { storeTimeoutMs, withinStoreTimeout } from '../time-limit.js'
import { BackgroundRelease } from './background-release.js'
import type { ReplayStore } from './store.js'

/** A login has this long in all, in milliseconds; marking its token as used gets what is left, and never less than a second. */
const loginDeadlineMs = 5_000
const minMarkMs = 1_000
/** The pause before marking again, in milliseconds; it doubles each time. */
const firstMarkRetryMs = 10
const maxMarkRetryMs = 500

/** One token, held by one login: nobody else gets a session for it. */
export interface Reservation {
  /**
   * Makes the reservation final. The token is protected by the reservation already, so this may take as long as the
   * login itself.
   *
   * @throws CorbadoError `CORBADO_OUTCOME_UNKNOWN` if the store did not confirm it,
   *   `CORBADO_TOKEN_ALREADY_USED` if the reservation was lost
   */
  markUsed(): Promise<void>
  /** Releases the token, so that it can be submitted again. Never throws; a release that fails is repeated in the background. */
  release(): Promise<void>
}

/** Reserves tokens in a replay store. */
export class Reservations {
  readonly #store: ReplayStore
  readonly #background: BackgroundRelease
  readonly #failures = new StoreFailures('replay_store')

  constructor(store: ReplayStore) {
    this.#store = store
    this.#background = new BackgroundRelease(store)
  }

  /**
   * Reserves a token before it is verified. A store that fails, or does not answer within 250 ms, refuses the login.
   *
   * @throws CorbadoError `CORBADO_TOKEN_ALREADY_USED`, `CORBADO_STORE_UNAVAILABLE`
   */
  async reserve({ claims, signingInput }: CheckedSignedPasskeyData): Promise<Reservation> {
    const startedAt = performance.now()
    // Not the whole token: its signature can be spelled in several ways. Not `jti`: anybody can write one before verification.
    const key = hash('sha256', signingInput, 'base64url')
    const owner = newOwner()
    const ttlMs = reservationMs(claims)
    const releaseLater = (): void => this.#background.add(key, owner, ttlMs)

    let reserved: boolean
    try {
      reserved = await withinStoreTimeout(() => this.#store.reserve(key, owner, ttlMs), { onLate: releaseLater })
    } catch (cause) {
      if (isCorbadoError(cause)) throw cause
      // A command that failed or timed out may have been carried out all the same.
      releaseLater()
      throw this.#failures.unavailable(cause)
    }
    this.#failures.over()
    if (!reserved) throw new CorbadoError('TOKEN_ALREADY_USED', { reason: 'replay' })

    return {
      release: async () => {
        try {
          await withinStoreTimeout(() => this.#store.release(key, owner))
        } catch {
          releaseLater()
        }
      },
      markUsed: () => this.#markUsed(key, owner, Math.max(startedAt + loginDeadlineMs, performance.now() + minMarkMs)),
    }
  }

  /** Stops releasing in the background. */
  close(): void {
    this.#background.close()
  }

  /** Tries until `deadline`: marking is repeatable for the same owner. */
  async #markUsed(key: string, owner: string, deadline: number): Promise<void> {
    const attempt = (): Promise<boolean> =>
      withinStoreTimeout(() => this.#store.markUsed(key, owner), {
        timeoutMs: Math.max(storeTimeoutMs, deadline - performance.now()),
      })
    let marked: boolean | undefined
    let waitMs = firstMarkRetryMs
    while (marked === undefined) {
      try {
        marked = await attempt()
      } catch (cause) {
        if (performance.now() + waitMs >= deadline)
          throw new CorbadoError('OUTCOME_UNKNOWN', { reason: 'replay_store', cause })
        await sleep(waitMs)
        waitMs = Math.min(2 * waitMs, maxMarkRetryMs)
      }
    }
    if (!marked) throw new CorbadoError('TOKEN_ALREADY_USED', { reason: 'reservation_lost' })
  }
}

/**
 * How long a token stays reserved, in milliseconds. No local clock enters it: the clocks of two instances may differ by
 * twice the skew that the local check allows, and the token passes that check for one more skew after it has expired.
 */
function reservationMs({ exp, iat }: CheckedSignedPasskeyData['claims']): number {
  return (exp - iat + 3 * clockSkewSeconds) * 1000
}

const ownerBytes = 16
const randomPool = Buffer.alloc(256 * ownerBytes)
let poolOffset = randomPool.length

/** A random name for one attempt to log in. Random bytes are drawn for many at once: each call to the system costs 20 µs and more. */
function newOwner(): string {
  if (poolOffset === randomPool.length) {
    randomFillSync(randomPool)
    poolOffset = 0
  }
  poolOffset += ownerBytes
  return randomPool.toString('base64url', poolOffset - ownerBytes, poolOffset)
}
