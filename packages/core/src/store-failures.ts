import { CorbadoError, type Reason } from './errors.js'

const causeEveryMs = 60_000
const retryAfterSeconds = 1

type StoreReason = Extract<Reason, 'replay_store' | 'revocations_store' | 'rate_limit_store'>

/**
 * Turns the failures of a store into errors for clients. While a store is away, only the first error in a minute carries
 * the cause, with the number of requests that were refused since: an outage does not flood the log.
 */
export class StoreFailures {
  readonly #reason: StoreReason
  #count = 0
  #nextCauseAt = Number.NEGATIVE_INFINITY

  constructor(reason: StoreReason) {
    this.#reason = reason
  }

  unavailable(cause: unknown): CorbadoError {
    this.#count += 1
    const details = { reason: this.#reason, retryAfterSeconds }
    const now = performance.now()
    if (now < this.#nextCauseAt) {
      const error = new CorbadoError('STORE_UNAVAILABLE', details)
      // Where it comes from is known from the first one.
      error.stack = `${error.name}: ${error.message}`
      return error
    }
    this.#nextCauseAt = now + causeEveryMs
    const message = `The store failed (requests refused since it last answered: ${this.#count})`
    return new CorbadoError('STORE_UNAVAILABLE', { ...details, cause: new Error(message, { cause }) })
  }

  /** The store has answered. */
  over(): void {
    this.#count = 0
  }
}
