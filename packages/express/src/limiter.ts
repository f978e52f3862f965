import type { ConnectUser, RateLimit } from '@corbado-connect/core'
import {
  createLimitCounter,
  type LimitCounter,
  type ResolvedRateLimit,
  type RoutePipeline,
  type RouteRequest,
  rateLimited,
} from '@corbado-connect/core/internal'
import type { Request } from 'express'
import { type RateLimitRequestHandler, rateLimit, type Store } from 'express-rate-limit'
import type { ExpressContext } from './http.js'

/** Where a request keeps the key that it is counted by, for express-rate-limit. */
const limitKey = Symbol('corbado-connect.limitKey')

/** Counts requests. */
export interface Limiter<User extends ConnectUser> {
  /** @throws CorbadoError `CORBADO_RATE_LIMITED`, or `CORBADO_STORE_UNAVAILABLE` if it cannot count */
  count(request: RouteRequest<User, ExpressContext>): Promise<void>
}

/** A limiter for both routes, made of express-rate-limit. */
export function createLimiter<User extends ConnectUser>(
  limits: ResolvedRateLimit,
  pipeline: RoutePipeline<User, ExpressContext>,
  projectId: string,
): Limiter<User> {
  const counter = createLimitCounter(limits, projectId)

  const newHandler = (limit: RateLimit): RateLimitRequestHandler =>
    rateLimit({
      windowMs: limit.windowMs,
      limit: limit.max,
      store: storeOf(counter, limit),
      standardHeaders: false,
      legacyHeaders: false,
      requestPropertyName: 'corbadoConnectRateLimit',
      keyGenerator: (req) => String(Reflect.get(req, limitKey)),
      handler: (req, _res, next) => next(rateLimited(msUntilReset(req) ?? limit.windowMs)),
      // Its checks are about its default key. Ours is made in the core.
      validate: false,
    })
  const handlers = { connectToken: newHandler(limits.connectToken), verify: newHandler(limits.verify) }

  return {
    count(request) {
      const { req, res } = request.context
      Reflect.set(req, limitKey, pipeline.limitKey(request))
      return new Promise((resolve, reject) => {
        const next = (error?: unknown) => (error === undefined ? resolve() : reject(error))
        Promise.resolve(handlers[request.route](req, res, next)).catch(reject)
      })
    },
  }
}

function msUntilReset(req: Request): number | undefined {
  const info: unknown = Reflect.get(req, 'corbadoConnectRateLimit')
  const reset = typeof info === 'object' && info !== null && 'resetTime' in info ? info.resetTime : undefined
  return reset instanceof Date ? reset.getTime() - Date.now() : undefined
}

/** The counter as express-rate-limit expects it. */
function storeOf(counter: LimitCounter, limit: RateLimit): Store {
  return {
    localKeys: false,
    async increment(key) {
      const { hits, leftMs } = await counter.count(key, limit)
      return { totalHits: hits, resetTime: new Date(Date.now() + leftMs) }
    },
    // Needed only for options that are not used here.
    decrement() {},
    resetKey() {},
  }
}
