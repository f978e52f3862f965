import type { Count, Counter } from './counter.js'

/** How many clients are counted at once. Beyond that, the one that was silent for longest is forgotten. */
const maxClients = 50_000

interface Window {
  hits: number
  /** In the milliseconds of `performance.now()`. */
  endsAt: number
}

/** Counts requests in the memory of this process. */
export class MemoryCounter implements Counter {
  /** In the order of their last request. */
  readonly #windows = new Map<string, Window>()

  count(key: string, windowMs: number): Count {
    const now = performance.now()
    const window = this.#windows.get(key) ?? { hits: 0, endsAt: 0 }
    this.#windows.delete(key)
    if (window.endsAt <= now) {
      window.hits = 0
      window.endsAt = now + windowMs
    }
    window.hits += 1
    this.#windows.set(key, window)
    if (this.#windows.size > maxClients) this.#forgetOldest()
    return { hits: window.hits, leftMs: window.endsAt - now }
  }

  #forgetOldest(): void {
    for (const key of this.#windows.keys()) {
      this.#windows.delete(key)
      return
    }
  }
}
