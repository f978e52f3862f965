// The subpath `/redis`: everything that needs a Redis client of yours.

export {
  type RecommendedIoredisOptions,
  type RecommendedNodeRedisOptions,
  type RecommendedRedisOptions,
  recommendedRedisOptions,
} from './recommended-redis-options.js'
export type { IoredisClient, NodeRedisClient, RedisClient } from './redis-client.js'
export { redisReplayStore } from './replay/redis.js'
export { redisRevocations } from './session/redis-revocations.js'
