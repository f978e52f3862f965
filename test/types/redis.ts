import {
  type RecommendedNodeRedisOptions,
  type RedisClient,
  recommendedRedisOptions,
  redisReplayStore,
} from '@corbado-connect/core/redis'
import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { exact, type Same } from './exact.js'

export function everyKindOfClient(): RedisClient[] {
  const ioredis = new Redis(recommendedRedisOptions('ioredis'))
  const cluster = new Cluster([], { redisOptions: recommendedRedisOptions('ioredis') })
  const options = recommendedRedisOptions('node-redis')
  exact<Same<typeof options, RecommendedNodeRedisOptions>>()
  const nodeRedis = createClient({ url: 'redis://localhost', ...options })
  const pool = createClientPool(options)
  const nodeCluster = createCluster({ rootNodes: [], defaults: options })
  const sentinel = createSentinel({ name: 'primary', sentinelRootNodes: [], nodeClientOptions: options })
  const clients = [ioredis, cluster, nodeRedis, pool, nodeCluster, sentinel]
  for (const client of clients) redisReplayStore(client)
  // @ts-expect-error not a client
  redisReplayStore({ get: () => null })
  // @ts-expect-error no such client
  recommendedRedisOptions('redis')
  return clients
}
