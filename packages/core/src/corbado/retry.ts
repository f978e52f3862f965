import { setTimeout as sleep } from 'node:timers/promises'

/** How many times one call is sent at most. */
export const maxAttempts = 3
const baseDelayMs = 100
const maxDelayMs = 1000
const minDelayMs = 10
const defaultRetryAfterSeconds = 1
const maxRetryAfterSeconds = 60

/** Back-off with full jitter. @param retry 1 for the first retry. @returns milliseconds */
export function backOffMs(retry: number): number {
  return minDelayMs + Math.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (retry - 1))
}

/** Waits before a retry. Rejects with the signal's reason as soon as it is aborted. */
export async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return sleep(waitMs)
  try {
    await sleep(waitMs, undefined, { signal })
  } catch {
    throw signal.reason
  }
}

/**
 * Reads `Retry-After`: seconds or an HTTP date; anything else counts as one second.
 *
 * @returns seconds, from 1 to 60
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterSeconds(header: string | undefined): number {
  const seconds = header === undefined ? Number.NaN : parseRetryAfter(header.trim())
  if (Number.isNaN(seconds)) return defaultRetryAfterSeconds
  return Math.min(maxRetryAfterSeconds, Math.max(1, Math.ceil(seconds)))
}

function parseRetryAfter(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text)
  if (/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) {
    return (Date.parse(text) - Date.now()) / 1000
  }
  return Number.NaN
}

/**
 * Stops retry storms: while everything fails, retries stay below a tenth of the requests. A retry that helped is refunded.
 */
export class RetryBudget {
  static readonly #capacity = 10
  static readonly #perRequest = 0.1
  #tokens = RetryBudget.#capacity

  /** Counts a new request. */
  request(): void {
    this.#tokens = Math.min(RetryBudget.#capacity, this.#tokens + RetryBudget.#perRequest)
  }

  /** Pays for one more retry. @returns whether it is affordable */
  take(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  /** Refunds retries that ended well. */
  refund(retries: number): void {
    this.#tokens = Math.min(RetryBudget.#capacity, this.#tokens + retries)
  }
}
