import { assertFunction } from '../option-checks.js'
import type { ReplayStore } from './store.js'

/** The few commands of an ioredis client that the store uses. */
export interface RedisReplayClient {
  set(key: string, value: string, px: 'PX', ttlMs: number, nx: 'NX', get: 'GET'): Promise<string | null>
  eval(script: string, keyCount: number, ...args: string[]): Promise<unknown>
}

const keyPrefix = 'corbado-connect:replay:'
const usedMark = 'used'
const replaceIfOwned = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
  return 1`
const deleteIfOwned = `
  if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
  return redis.call('DEL', KEYS[1])`

/**
 * Shares reservations between instances through Redis 7 or later. The client is yours: it is never closed by us. Let it
 * fail fast (`enableOfflineQueue: false`, `maxRetriesPerRequest: 0`, `commandTimeout: 250`): a login without an answer
 * of the store within 250 ms is refused with `CORBADO_STORE_UNAVAILABLE`.
 *
 * @throws TypeError where it is not given a client
 * @see https://redis.io/docs/latest/commands/set/
 */
export function redisReplayStore(redis: RedisReplayClient): ReplayStore {
  for (const command of ['set', 'eval'])
    assertFunction(`redisReplayStore: ${command} of an ioredis client`, Reflect.get(Object(redis), command))
  return {
    async reserve(key, owner, ttlMs) {
      const previous = await redis.set(keyPrefix + key, owner, 'PX', Math.ceil(ttlMs), 'NX', 'GET')
      // A client that sends a command again after a lost connection meets its own reservation.
      return previous === null || previous === owner
    },
    async markUsed(key, owner) {
      return (await redis.eval(replaceIfOwned, 1, keyPrefix + key, owner, usedMark)) === 1
    },
    async release(key, owner) {
      await redis.eval(deleteIfOwned, 1, keyPrefix + key, owner)
    },
  }
}
