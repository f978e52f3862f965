import { withinStoreTimeout } from '../time-limit.js'
import { limiterFailed, type RateLimitRedis } from './rate-limit.js'

const increment = `
  local hits = redis.call('INCR', KEYS[1])
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
  end
  return { hits, left }`

/**
 * Counts requests in Redis, for both adapters alike: their instances share the counts. Every count stands alone: after an
 * outage the next one just works, which a store that loads its script at start-up does not offer.
 */
export class RedisCounter {
  readonly #redis: RateLimitRedis
  readonly #prefix: string

  constructor(redis: RateLimitRedis, projectId: string) {
    this.#redis = redis
    this.#prefix = `corbado-connect:limit:${projectId}:`
  }

  /**
   * Counts one request.
   *
   * @param windowMs length of the window in milliseconds
   * @returns the requests of this window so far, and the milliseconds until it ends
   * @throws CorbadoError `CORBADO_STORE_UNAVAILABLE`, also where Redis does not answer within 250 ms
   */
  async count(key: string, windowMs: number): Promise<{ hits: number; leftMs: number }> {
    try {
      const reply = await withinStoreTimeout(() =>
        this.#redis.call('EVAL', increment, '1', this.#prefix + key, String(windowMs)),
      )
      const [hits, leftMs]: unknown[] = Array.isArray(reply) ? reply : []
      if (typeof hits !== 'number' || typeof leftMs !== 'number') throw new Error('Redis gave an unexpected reply')
      return { hits, leftMs }
    } catch (cause) {
      throw limiterFailed(cause)
    }
  }
}
