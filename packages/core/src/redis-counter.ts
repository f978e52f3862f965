import type { RateLimitRedis } from './rate-limit.js'

const increment = `
  local hits = redis.call('INCR', KEYS[1])
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
  end
  return { hits, left }`

/**
 * Counts one request in Redis. Every count stands alone: after an outage the next one just works, which a store that loads
 * its script at start-up does not offer.
 *
 * @param windowMs length of the window in milliseconds
 * @returns the requests of this window so far, and the milliseconds until it ends
 */
export async function countInRedis(
  redis: RateLimitRedis,
  key: string,
  windowMs: number,
): Promise<[hits: number, leftMs: number]> {
  const reply = await redis.call('EVAL', increment, '1', key, String(windowMs))
  const [hits, left]: unknown[] = Array.isArray(reply) ? reply : []
  if (typeof hits !== 'number' || typeof left !== 'number') throw new Error('Redis gave an unexpected reply')
  return [hits, left]
}
