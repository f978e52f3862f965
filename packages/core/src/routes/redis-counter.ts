import { type RedisClient, type RedisCommands, redisCommands, replyNumber } from '../redis-client.js'
import { StoreFailures } from '../store-failures.js'
import { withinStoreTimeout } from '../time-limit.js'
import type { Count, Counter } from './counter.js'

const increment = `
  local hits = redis.call('INCR', KEYS[1])
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
  end
  return { hits, left }`

/**
 * Counts requests in Redis, so that several instances count together. Every count is one self-contained command: after
 * an outage the next one just works.
 */
export class RedisCounter implements Counter {
  readonly #redis: RedisCommands
  readonly #prefix: string
  readonly #failures = new StoreFailures('rate_limit_store')
  readonly #fallback: Counter | undefined

  /** @param fallback counts while Redis fails; without it, requests are refused */
  constructor(redis: RedisClient, projectId: string, fallback?: Counter) {
    this.#redis = redisCommands('rateLimit.redis', redis)
    this.#prefix = `corbado-connect:limit:${projectId}:`
    this.#fallback = fallback
  }

  /** @throws CorbadoError `CORBADO_STORE_UNAVAILABLE`, also if Redis does not answer within 250 ms */
  async count(key: string, windowMs: number): Promise<Count> {
    try {
      const reply = await withinStoreTimeout(() =>
        this.#redis.evaluate(increment, this.#prefix + key, [String(windowMs)]),
      )
      const [hits, leftMs] = Array.isArray(reply) ? reply.map(replyNumber) : []
      if (hits === undefined || leftMs === undefined || !(hits > 0) || !(leftMs >= 0))
        throw new Error('Redis gave an unexpected reply')
      this.#failures.over()
      return { hits, leftMs }
    } catch (cause) {
      if (this.#fallback === undefined) throw this.#failures.unavailable(cause)
      return this.#fallback.count(key, windowMs)
    }
  }
}
