import { CorbadoError } from '../errors.js'
import { assertWholeNumber, refuseUnknownOptions } from '../option-checks.js'
import type { ReplayStore } from './store.js'

const defaultMaxEntries = 100_000
const sliceMs = 30_000

interface Entry {
  readonly owner: string
  readonly expiresAt: number
  used: boolean
}

/**
 * Keeps reservations in this process: for a single instance. Several instances need {@link redisReplayStore}.
 * It never drops a live entry: when it is full (100,000 by default) it refuses with `CORBADO_STORE_UNAVAILABLE`.
 *
 * @throws TypeError that names the wrong option
 */
export function memoryReplayStore(options: { readonly maxEntries?: number } = {}): ReplayStore {
  refuseUnknownOptions('memoryReplayStore', options, ['maxEntries'])
  const { maxEntries = defaultMaxEntries } = options
  assertWholeNumber('memoryReplayStore.maxEntries', maxEntries, 1, 10_000_000)
  return new MemoryReplayStore(maxEntries)
}

class MemoryReplayStore implements ReplayStore {
  readonly #maxEntries: number
  readonly #entries = new Map<string, Entry>()
  /** Keys by the slice of time in which they expire: old ones go together, without a look at the others. */
  readonly #slices = new Map<number, Set<string>>()
  #sweptSlice = 0

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  reserve(key: string, owner: string, ttlMs: number): boolean {
    const now = Date.now()
    this.#sweep(now)
    const existing = this.#entries.get(key)
    if (existing !== undefined && existing.expiresAt > now) return false
    if (existing !== undefined) this.#delete(key, existing)
    if (this.#entries.size >= this.#maxEntries)
      throw new CorbadoError('STORE_UNAVAILABLE', { reason: 'replay_store_full' })
    const entry = { owner, expiresAt: now + ttlMs, used: false }
    this.#entries.set(key, entry)
    const slice = sliceOf(entry.expiresAt)
    const keys = this.#slices.get(slice)
    if (keys === undefined) this.#slices.set(slice, new Set([key]))
    else keys.add(key)
    return true
  }

  markUsed(key: string, owner: string): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined || entry.owner !== owner || entry.used) return false
    entry.used = true
    return true
  }

  release(key: string, owner: string): void {
    const entry = this.#entries.get(key)
    if (entry !== undefined && entry.owner === owner && !entry.used) this.#delete(key, entry)
  }

  #delete(key: string, entry: Entry): void {
    this.#entries.delete(key)
    this.#slices.get(sliceOf(entry.expiresAt))?.delete(key)
  }

  #sweep(now: number): void {
    const current = sliceOf(now)
    if (current === this.#sweptSlice) return
    this.#sweptSlice = current
    for (const [slice, keys] of this.#slices) {
      if (slice >= current) continue
      for (const key of keys) this.#entries.delete(key)
      this.#slices.delete(slice)
    }
  }
}

function sliceOf(timeMs: number): number {
  return Math.floor(timeMs / sliceMs)
}
