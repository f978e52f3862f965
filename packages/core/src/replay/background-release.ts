import { withinStoreTimeout } from '../time-limit.js'
import type { ReplayStore } from './store.js'

/** How many releases may wait at once. Beyond that a token stays reserved until it expires, which is the safe side. */
const maxWaiting = 10_000
const retryMs = 1_000

interface WaitingRelease {
  readonly key: string
  /** In the milliseconds of `performance.now()`. */
  readonly until: number
}

/**
 * Releases reservations that the store may hold although the login failed: its answer was lost, or the release itself
 * failed. It tries until the store has answered or the reservation has expired by itself, one command per second while
 * the store is down.
 */
export class BackgroundRelease {
  readonly #store: ReplayStore
  /** By owner. */
  readonly #waiting = new Map<string, WaitingRelease>()
  #retry: NodeJS.Timeout | undefined
  #running = false
  #closed = false

  constructor(store: ReplayStore) {
    this.#store = store
  }

  add(key: string, owner: string, ttlMs: number): void {
    if (this.#closed || this.#waiting.size >= maxWaiting) return
    this.#waiting.set(owner, { key, until: performance.now() + ttlMs })
    if (!this.#running && this.#retry === undefined) void this.#run()
  }

  /** Stops. What is still reserved expires by itself. */
  close(): void {
    this.#closed = true
    this.#waiting.clear()
    clearTimeout(this.#retry)
  }

  async #run(): Promise<void> {
    this.#running = true
    this.#retry = undefined
    try {
      for (const [owner, { key, until }] of this.#waiting) {
        if (performance.now() < until) await withinStoreTimeout(() => this.#store.release(key, owner))
        this.#waiting.delete(owner)
      }
    } catch {
      // The store is still away. The timer must not keep the process alive.
      if (!this.#closed) this.#retry = setTimeout(() => void this.#run(), retryMs).unref()
    }
    this.#running = false
  }
}
