import type { RateLimitOptions } from '@corbado-connect/core'
import type { Store } from 'express-rate-limit'

const increment = `
  local hits = redis.call('INCR', KEYS[1])
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
  end
  return { hits, left }`

/**
 * Counts in Redis, for express-rate-limit. Every count stands alone: after an outage the next one just works, which a
 * store that loads its script at start-up does not offer.
 */
export function redisLimitStore(
  redis: NonNullable<RateLimitOptions['redis']>,
  prefix: string,
  windowMs: number,
): Store {
  return {
    prefix,
    localKeys: false,
    async increment(key) {
      const [totalHits, left] = counts(await redis.call('EVAL', increment, '1', prefix + key, String(windowMs)))
      return { totalHits, resetTime: new Date(Date.now() + left) }
    },
    async decrement(key) {
      await redis.call('DECR', prefix + key)
    },
    async resetKey(key) {
      await redis.call('DEL', prefix + key)
    },
  }
}

function counts(reply: unknown): [hits: number, leftMs: number] {
  if (!Array.isArray(reply)) throw new Error('Redis gave an unexpected reply')
  const [hits, left]: unknown[] = reply
  if (typeof hits !== 'number' || typeof left !== 'number') throw new Error('Redis gave an unexpected reply')
  return [hits, left]
}
