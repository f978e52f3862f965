import { once } from 'node:events'
import { recommendedRedisOptions } from '@corbado-connect/core/redis'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { createRedisServer, type RedisServer, redisIsInstalled } from '../support/redis-server.js'

/** Why a test with a real Redis cannot run here, or false. */
export const noRedis = redisIsInstalled() ? false : 'redis-server 7 or later is not installed'

/** A real Redis of this test alone, that can be stopped and started again on the same port. */
export interface TestRedis extends Pick<RedisServer, 'port' | 'start' | 'stop'> {
  /** A client with the recommended settings. */
  connect(): Promise<Redis>
}

export async function startRedis(t: Test): Promise<TestRedis> {
  const server = await createRedisServer()
  const clients: Redis[] = []
  t.teardown(async () => {
    for (const redis of clients) redis.disconnect()
    await server.remove()
  })
  await server.start()
  return {
    port: server.port,
    start: () => server.start(),
    stop: () => server.stop(),
    async connect() {
      const redis = new Redis({
        ...recommendedRedisOptions('ioredis'),
        host: '127.0.0.1',
        port: server.port,
      })
      clients.push(redis)
      // A lost connection is what some of these tests are about.
      redis.on('error', () => {})
      await once(redis, 'ready')
      return redis
    },
  }
}

/** Resolves when a client that lost its connection has one again. */
export async function reconnected(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await once(redis, 'ready')
}
