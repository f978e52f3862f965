import { type RedisClient, redisCommands } from '../redis-client.js'
import { EvictionPolicyCheck } from '../redis-eviction.js'
import type { Revocations } from './revocations.js'

const keyPrefix = 'corbado-connect:ended:'

/** Never shortens the life of a key, so that one service cannot revive the longer sessions of another. */
const putScript = `
  local ttl = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[1]))
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ttl)
  return 1`

/**
 * Remembers in Redis 7 or later which sessions were ended, for all instances.
 *
 * Pass a client of ioredis or node-redis 5, created with `recommendedRedisOptions`. It is yours: this package never closes
 * it. While Redis does not answer within 250 ms, requests with a session are refused with `CORBADO_STORE_UNAVAILABLE`.
 *
 * Set Redis' `maxmemory-policy` to `noeviction`. With another policy Redis may drop an entry before it expires, and the
 * sessions are valid again; the process then warns once, with the code `CORBADO_REDIS_EVICTION`. Read from the primary: a
 * replica may not know yet that a session was ended.
 *
 * @throws TypeError if `redis` is neither an ioredis nor a node-redis client
 * @see https://redis.io/docs/latest/develop/reference/eviction/
 */
export function redisRevocations(redis: RedisClient): Revocations {
  const commands = redisCommands('redisRevocations', redis)
  const policy = new EvictionPolicyCheck(commands, 'entries of ended sessions')
  if (commands.ready === true) policy.checkOnce()
  return {
    async put(key, value, ttlMs) {
      await commands.evaluate(putScript, keyPrefix + key, [value, String(Math.ceil(ttlMs))])
      policy.checkOnce()
    },
    async getMany(keys) {
      const reply = await commands.getMany(keys.map((key) => keyPrefix + key))
      if (!Array.isArray(reply) || reply.length !== keys.length) throw new Error('Redis gave an unexpected reply')
      return reply.map(stringOrNull)
    },
  }
}

/** @throws Error if it is neither a string nor null: whether a session is valid must not depend on a guess */
function stringOrNull(reply: unknown): string | null {
  if (reply === null) return null
  if (typeof reply !== 'string' && !Buffer.isBuffer(reply)) throw new Error('Redis gave an unexpected reply')
  return String(reply)
}
