import { MemoryCounter } from './memory-counter.js'
import { type RateLimit, type ResolvedRateLimit, widerNetwork } from './rate-limit.js'
import { RedisCounter } from './redis-counter.js'

/** The requests of a client in the current window so far, and the milliseconds until the window ends. */
export interface Count {
  readonly hits: number
  readonly leftMs: number
}

/** Counts requests by key. */
export interface Counter {
  count(key: string, windowMs: number): Count | Promise<Count>
}

/** What an adapter's limiter counts with. */
export interface LimitCounter {
  /**
   * Counts one request.
   *
   * @param key what `limitKey` of the routes returned
   * @throws CorbadoError `CORBADO_STORE_UNAVAILABLE`
   */
  count(key: string, limit: RateLimit): Count | Promise<Count>
}

/** How many times the limit of a /64 the /56 around it may use. */
const widerNetworkFactor = 4

/** Builds the counter of both routes: in memory, or in Redis. */
export function createLimitCounter({ redis, whenRedisFails }: ResolvedRateLimit, projectId: string): LimitCounter {
  const counter = counterFor(redis, whenRedisFails, projectId)
  return {
    count(key, { max, windowMs }) {
      const wider = widerNetwork(key)
      const own = counter.count(key, windowMs)
      if (wider === undefined) return own
      const countWider = (count: Count): Count | Promise<Count> => {
        // A /64 that is over its own limit must not use up what its neighbors share.
        if (count.hits > max) return count
        const around = counter.count(wider, windowMs)
        return around instanceof Promise ? around.then((other) => stricter(count, other)) : stricter(count, around)
      }
      return own instanceof Promise ? own.then(countWider) : countWider(own)
    },
  }
}

function counterFor(
  redis: ResolvedRateLimit['redis'],
  whenRedisFails: ResolvedRateLimit['whenRedisFails'],
  projectId: string,
): Counter {
  if (redis === undefined) return new MemoryCounter()
  return new RedisCounter(redis, projectId, whenRedisFails === 'allow' ? new MemoryCounter() : undefined)
}

function stricter(own: Count, around: Count): Count {
  const hits = Math.ceil(around.hits / widerNetworkFactor)
  return hits > own.hits ? { hits, leftMs: around.leftMs } : own
}
