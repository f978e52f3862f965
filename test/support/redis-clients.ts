import { once } from 'node:events'
import { type RedisClient, recommendedRedisOptions } from '@corbado-connect/core/redis'
import { Redis } from 'ioredis'
import { createClient } from 'redis'

/** A client of one of the two libraries, with the recommended settings, and what a test does with it besides. */
export interface TestClient {
  readonly client: RedisClient
  command(...args: [string, ...string[]]): Promise<unknown>
  readonly isReady: () => boolean
  disconnect(): void
}

/** Both libraries: every test with a real Redis runs with each of them. */
export const clients: Readonly<Record<'ioredis' | 'node-redis', (port: number) => Promise<TestClient>>> = {
  async ioredis(port) {
    const redis = new Redis(port, '127.0.0.1', recommendedRedisOptions('ioredis'))
    redis.on('error', () => {})
    await once(redis, 'ready')
    return {
      client: redis,
      command: (name, ...args) => redis.call(name, ...args),
      isReady: () => redis.status === 'ready',
      disconnect: () => redis.disconnect(),
    }
  },
  async 'node-redis'(port) {
    const options = recommendedRedisOptions('node-redis')
    const redis = createClient({ ...options, socket: { ...options.socket, port, host: '127.0.0.1' } })
    redis.on('error', () => {})
    await redis.connect()
    return {
      client: redis,
      command: (...args) => redis.sendCommand(args),
      isReady: () => redis.isReady,
      disconnect: () => redis.destroy(),
    }
  },
}
