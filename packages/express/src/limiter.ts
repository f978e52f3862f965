import type { ConnectUser, RateLimit } from '@corbado-connect/core'
import {
  RedisCounter,
  type ResolvedRateLimit,
  type Routes,
  rateLimited,
  type Visit,
} from '@corbado-connect/core/internal'
import type { Request } from 'express'
import { MemoryStore, type RateLimitRequestHandler, rateLimit, type Store } from 'express-rate-limit'
import type { ExpressContext } from './http.js'

/** Counts requests; rejects with `CORBADO_RATE_LIMITED`, or `CORBADO_STORE_UNAVAILABLE` where it cannot count. */
export interface Limiter<User extends ConnectUser> {
  count(visit: Visit<User, ExpressContext>): Promise<void>
  close(): void
}

/** A limiter for both routes over express-rate-limit. */
export function createLimiter<User extends ConnectUser>(
  limits: ResolvedRateLimit,
  routes: Routes<User, ExpressContext>,
  projectId: string,
): Limiter<User> {
  const keys = new WeakMap<Request, string>()
  const ownStores: MemoryStore[] = []

  const newStore = ({ windowMs }: RateLimit): Store => {
    if (limits.redis !== undefined) return storeOf(new RedisCounter(limits.redis, projectId), windowMs)
    const store = new MemoryStore()
    ownStores.push(store)
    return store
  }
  const newHandler = (limit: RateLimit): RateLimitRequestHandler =>
    rateLimit({
      windowMs: limit.windowMs,
      limit: limit.max,
      store: newStore(limit),
      standardHeaders: false,
      legacyHeaders: false,
      requestPropertyName: 'corbadoConnectRateLimit',
      keyGenerator: (req) => keys.get(req) ?? '',
      handler: (req, _res, next) => next(rateLimited(msUntilReset(req) ?? limit.windowMs)),
      // Its other checks are about the default key; ours is made in the core.
      validate: { default: false, trustProxy: true },
    })
  const handlers = { connectToken: newHandler(limits.connectToken), verify: newHandler(limits.verify) }

  return {
    async count(visit) {
      const { req, res } = visit.context
      keys.set(req, routes.limitKey(visit))
      const error = await new Promise<unknown>((resolve, reject) => {
        Promise.resolve(handlers[visit.route](req, res, resolve)).catch(reject)
      })
      if (error !== undefined) throw error
    },
    close() {
      for (const store of ownStores) store.shutdown()
    },
  }
}

function msUntilReset(req: Request): number | undefined {
  const info: unknown = Reflect.get(req, 'corbadoConnectRateLimit')
  const reset = typeof info === 'object' && info !== null && 'resetTime' in info ? info.resetTime : undefined
  return reset instanceof Date ? reset.getTime() - Date.now() : undefined
}

/** The counter as express-rate-limit wants it. */
function storeOf(counter: RedisCounter, windowMs: number): Store {
  return {
    localKeys: false,
    async increment(key) {
      const { hits, leftMs } = await counter.count(key, windowMs)
      return { totalHits: hits, resetTime: new Date(Date.now() + leftMs) }
    },
    // Called for options that are not used here.
    decrement() {},
    resetKey() {},
  }
}
