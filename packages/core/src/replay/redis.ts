import { type RedisClient, redisCommands, replyNumber } from '../redis-client.js'
import { EvictionPolicyCheck } from '../redis-eviction.js'
import type { ReplayStore } from './store.js'

const keyPrefix = 'corbado-connect:replay:'

// Every step is atomic. A client may send a command again after a lost connection: it then finds its own value.

// The key exists and grows by five bytes: a Redis that has reached maxmemory must not lose an accepted login for them.
const markUsedScript = `#!lua flags=allow-oom
  local holder = redis.call('GET', KEYS[1])
  if holder == 'used:' .. ARGV[1] then return 1 end
  if holder ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], 'used:' .. ARGV[1], 'KEEPTTL')
  return 1`
const releaseScript = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('DEL', KEYS[1])`

/**
 * Creates a replay store that several instances share through Redis 7 or later.
 *
 * Pass a client of ioredis or node-redis 5, created with `recommendedRedisOptions`. It is yours: this package never
 * closes it. While Redis does not answer within 250 ms, logins are refused with `CORBADO_STORE_UNAVAILABLE`.
 *
 * Set Redis' `maxmemory-policy` to `noeviction`. With another policy Redis may drop a used token before it expires; the
 * process then warns once, with the code `CORBADO_REDIS_EVICTION`.
 *
 * @throws TypeError if `redis` is neither an ioredis nor a node-redis client
 * @see https://redis.io/docs/latest/develop/reference/eviction/
 */
export function redisReplayStore(redis: RedisClient): ReplayStore {
  const commands = redisCommands('redisReplayStore', redis)
  const policy = new EvictionPolicyCheck(commands, 'used login tokens')
  if (commands.ready === true) policy.checkOnce()
  return {
    async reserve(key, owner, ttlMs) {
      const holder = await commands.setIfAbsent(keyPrefix + key, owner, Math.ceil(ttlMs))
      policy.checkOnce()
      if (holder === null) return true
      if (typeof holder !== 'string' && !Buffer.isBuffer(holder)) throw new Error('Redis gave an unexpected reply')
      return String(holder) === owner
    },
    async markUsed(key, owner) {
      return isOne(await commands.evaluate(markUsedScript, keyPrefix + key, [owner]))
    },
    async release(key, owner) {
      await commands.evaluate(releaseScript, keyPrefix + key, [owner])
    },
  }
}

/** @throws Error if the reply is neither 0 nor 1: a login must not depend on a guess */
function isOne(reply: unknown): boolean {
  const number = replyNumber(reply)
  if (number !== 0 && number !== 1) throw new Error('Redis gave an unexpected reply')
  return number === 1
}
