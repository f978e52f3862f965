import type { ConnectUser } from '@corbado-connect/core'
import {
  createLimitCounter,
  type ResolvedRateLimit,
  type RoutePipeline,
  type RouteRequest,
  rateLimited,
} from '@corbado-connect/core/internal'
import type { ExpressContext } from './http.js'

/** Counts requests. */
export interface Limiter<User extends ConnectUser> {
  /** @throws CorbadoError `CORBADO_RATE_LIMITED`, or `CORBADO_STORE_UNAVAILABLE` if it cannot count */
  count(request: RouteRequest<User, ExpressContext>): Promise<void>
}

/** The limiter of both routes. */
export function createLimiter<User extends ConnectUser>(
  limits: ResolvedRateLimit,
  pipeline: RoutePipeline<User, ExpressContext>,
  projectId: string,
): Limiter<User> {
  const counter = createLimitCounter(limits, projectId)
  return {
    async count(request) {
      const limit = limits[request.route]
      const { hits, leftMs } = await counter.count(pipeline.limitKey(request), limit)
      if (hits > limit.max) throw rateLimited(leftMs)
    },
  }
}
