import cluster from 'node:cluster'
import { CorbadoError } from '../errors.js'
import { assertWholeNumber, refuseUnknownOptions } from '../option-checks.js'
import { warnOnce } from '../warn-once.js'
import type { Revocations } from './revocations.js'

const defaultMaxEntries = 100_000
/** How often expired entries are dropped, in milliseconds. */
const sweepMs = 10_000

/** Options of {@link memoryRevocations}. */
export interface MemoryRevocationsOptions {
  /** How many ended sessions, passkeys and users are remembered at once. Default: 100,000, about 30 MB. */
  readonly maxEntries?: number
}

/**
 * Remembers in this process which sessions were ended. Only for a single instance: a restart forgets everything, so
 * sessions that were ended are valid again until they expire. Several instances need `redisRevocations`.
 *
 * The store never drops a live entry. When it is full, ending a session fails with `CORBADO_STORE_UNAVAILABLE`.
 *
 * @throws TypeError that names the wrong option
 */
export function memoryRevocations(options: MemoryRevocationsOptions = {}): Revocations {
  refuseUnknownOptions('memoryRevocations', options, ['maxEntries'])
  const { maxEntries = defaultMaxEntries } = options
  assertWholeNumber('memoryRevocations.maxEntries', maxEntries, 1, 10_000_000)
  if (cluster.isWorker) {
    warnOnce(
      'CORBADO_MEMORY_REVOCATIONS',
      'memoryRevocations: sessions end only in this worker process. Use redisRevocations, which all workers share.',
    )
  }
  return new MemoryRevocations(maxEntries)
}

interface Entry {
  readonly value: string
  /** In the milliseconds of `performance.now()`: a clock that is set changes nothing. */
  readonly expiresAt: number
}

class MemoryRevocations implements Revocations {
  readonly #maxEntries: number
  readonly #entries = new Map<string, Entry>()
  #nextSweepAt = 0

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  put(key: string, value: string, ttlMs: number): void {
    const now = performance.now()
    this.#dropExpired(now)
    const before = this.#entries.get(key)
    if (before === undefined && this.#entries.size >= this.#maxEntries) {
      throw new CorbadoError('STORE_UNAVAILABLE', {
        reason: 'revocations_store_full',
        retryAfterSeconds: sweepMs / 1000,
      })
    }
    this.#entries.set(key, { value, expiresAt: Math.max(now + ttlMs, before?.expiresAt ?? 0) })
  }

  getMany(keys: readonly string[]): (string | null)[] {
    const now = performance.now()
    return keys.map((key) => {
      const entry = this.#entries.get(key)
      return entry === undefined || entry.expiresAt <= now ? null : entry.value
    })
  }

  #dropExpired(now: number): void {
    if (now < this.#nextSweepAt) return
    this.#nextSweepAt = now + sweepMs
    for (const [key, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(key)
  }
}
