import { CorbadoError } from '../errors.js'
import { assertWholeNumber, refuseUnknownOptions } from '../option-checks.js'
import type { ReplayStore } from './store.js'

const defaultMaxEntries = 100_000
/** The share of the entries that reservations without a verdict may take; the rest is for accepted tokens. */
const unverifiedShare = 0.95
const sliceMs = 30_000

/** Options of {@link memoryReplayStore}. */
export interface MemoryReplayStoreOptions {
  /** How many tokens the store holds at once. Default 100,000, which takes about 20 MB when it is full. */
  readonly maxEntries?: number
}

/**
 * Creates a replay store that keeps reservations in the memory of this process. Use it if you run exactly one
 * instance; several instances need `redisReplayStore` (subpath `/redis`).
 *
 * An entry lives for the lifetime of its token plus 3 minutes (8 minutes for Corbado's tokens), so the default of
 * 100,000 entries lasts for about 200 logins per second. The store never drops a live entry: when it is full, logins are
 * refused with `CORBADO_STORE_UNAVAILABLE`.
 *
 * @throws TypeError that names the wrong option
 */
export function memoryReplayStore(options: MemoryReplayStoreOptions = {}): ReplayStore {
  refuseUnknownOptions('memoryReplayStore', options, ['maxEntries'])
  const { maxEntries = defaultMaxEntries } = options
  assertWholeNumber('memoryReplayStore.maxEntries', maxEntries, 1, 10_000_000)
  return new MemoryReplayStore(maxEntries)
}

/** The entries that expire in the same 30 seconds. They are dropped together, so that no entry needs a time of its own. */
interface Slice {
  /** Owners by key. */
  readonly reserved: Map<string, string>
  /** Owners by key. */
  readonly used: Map<string, string>
}

class MemoryReplayStore implements ReplayStore {
  readonly #maxEntries: number
  readonly #maxReserved: number
  /** The slice that holds a key. No object per entry: with 100,000 of them that is most of the memory. */
  readonly #sliceByKey = new Map<string, Slice>()
  /** Slices by their number, which counts from the start of the process: setting the clock changes nothing. */
  readonly #slices = new Map<number, Slice>()
  #reservedCount = 0
  #currentSlice = 0

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
    this.#maxReserved = Math.ceil(maxEntries * unverifiedShare)
  }

  reserve(key: string, owner: string, ttlMs: number): boolean {
    const now = performance.now()
    this.#dropExpired(now)
    if (this.#sliceByKey.has(key)) return false
    if (this.#reservedCount >= this.#maxReserved || this.#sliceByKey.size >= this.#maxEntries) {
      throw new CorbadoError('STORE_UNAVAILABLE', { reason: 'replay_store_full', retryAfterSeconds: sliceMs / 1000 })
    }
    // Rounded up: an entry may live up to 30 seconds longer than it must, never shorter.
    const slice = this.#slice(Math.ceil((now + ttlMs) / sliceMs))
    slice.reserved.set(key, owner)
    this.#sliceByKey.set(key, slice)
    this.#reservedCount += 1
    return true
  }

  markUsed(key: string, owner: string): boolean {
    this.#dropExpired(performance.now())
    const slice = this.#sliceByKey.get(key)
    if (slice?.used.get(key) === owner) return true
    if (slice?.reserved.get(key) !== owner) return false
    slice.reserved.delete(key)
    slice.used.set(key, owner)
    this.#reservedCount -= 1
    return true
  }

  release(key: string, owner: string): void {
    const slice = this.#sliceByKey.get(key)
    if (slice?.reserved.get(key) !== owner) return
    slice.reserved.delete(key)
    this.#sliceByKey.delete(key)
    this.#reservedCount -= 1
  }

  #slice(number: number): Slice {
    const existing = this.#slices.get(number)
    if (existing !== undefined) return existing
    const slice: Slice = { reserved: new Map(), used: new Map() }
    this.#slices.set(number, slice)
    return slice
  }

  #dropExpired(now: number): void {
    const current = Math.floor(now / sliceMs)
    if (current === this.#currentSlice) return
    this.#currentSlice = current
    for (const [number, { reserved, used }] of this.#slices) {
      if (number > current) continue
      for (const key of reserved.keys()) this.#sliceByKey.delete(key)
      for (const key of used.keys()) this.#sliceByKey.delete(key)
      this.#reservedCount -= reserved.size
      this.#slices.delete(number)
    }
  }
}
