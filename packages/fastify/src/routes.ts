import { type ConnectUser, isCorbadoError } from '@corbado-connect/core'
import {
  type AdapterParts,
  bodyError,
  maxBodyBytes,
  parseJsonBody,
  RedisCounter,
  rateLimited,
  routeSchemas,
  type Visit,
  warnOfUntrustedProxy,
} from '@corbado-connect/core/internal'
import fastifyRateLimit, { type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { withHookReply } from './hook-reply.js'
import type { Exchange, FastifyContext } from './http.js'

/** Clients that the limiter keeps apart at the most, where it counts in memory. */
const maxCountedClients = 50_000
/** Of the limiter's own; `Retry-After` comes with our error. */
const limiterHeaders = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after']
const noHeaders = Object.fromEntries(limiterHeaders.map((name) => [name, false]))

/** What the routes are made of. */
export interface RouteParts<User extends ConnectUser>
  extends Pick<AdapterParts<User, FastifyContext, Exchange, FastifyRequest>, 'settings' | 'routes'> {
  readonly contextOf: (exchange: Exchange) => FastifyContext
}

/** Registers the routes in a context that is ours alone. */
export async function registerRoutes<User extends ConnectUser>(
  own: FastifyInstance,
  { settings, routes, contextOf }: RouteParts<User>,
): Promise<void> {
  const visits = new WeakMap<FastifyRequest, Visit<User, FastifyContext>>()
  const visitOf = (request: FastifyRequest): Visit<User, FastifyContext> => {
    const visit = visits.get(request)
    if (visit === undefined) throw new Error('A request reached our routes without having been let in')
    return visit
  }

  own.removeAllContentTypeParsers()
  own.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes))
  // The core validates, by the same schemas; here they are for the app's OpenAPI document.
  own.setValidatorCompiler(() => () => true)
  own.setSerializerCompiler(() => serializeAnswer)

  const handlerBefore = own.errorHandler
  const errorHandler = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): unknown => {
    reply.header('cache-control', 'no-store')
    const visit = visits.get(request)
    if (visit === undefined) throw error // A hook of the app refused it before it came to us.
    const refusal = error.code?.startsWith('FST_ERR_CTP_') ? bodyError(error) : error
    routes.refuse(visit, refusal)
    if (isCorbadoError(refusal)) reply.headers(refusal.headers)
    // Thrown, it reaches the handler that the app had when it registered us; one that was set later has to be asked for.
    if (own.errorHandler === handlerBefore) throw refusal
    return own.errorHandler(refusal, request, reply)
  }

  const { rateLimit } = settings
  if (rateLimit !== false) {
    await own.register(fastifyRateLimit, {
      global: true,
      max: (request) => rateLimit[visitOf(request).route].max,
      timeWindow: (request) => rateLimit[visitOf(request).route].windowMs,
      keyGenerator: (request) => routes.limitKey(visitOf(request)),
      errorResponseBuilder: (_request, { ttl }) => rateLimited(ttl),
      addHeaders: noHeaders,
      addHeadersOnExceeding: noHeaders,
      cache: maxCountedClients,
      ...(rateLimit.redis === undefined
        ? {}
        : { store: storeOf(new RedisCounter(rateLimit.redis, settings.client.projectId)) }),
    })
  }

  for (const route of ['connectToken', 'verify'] as const) {
    const url = settings.paths[route]
    if (url === null) continue
    own.route({
      method: 'POST',
      url,
      bodyLimit: maxBodyBytes,
      schema: routeSchemas[route],
      errorHandler,
      onRequest: async (request, reply) => {
        // Fastify decodes /%70ath before it looks for a route; Express does not.
        if (request.raw.url?.split('?', 1)[0] !== request.routeOptions.url) return reply.callNotFound()
        if (request.headers['x-forwarded-for'] !== undefined && request.ips === undefined) warnOfUntrustedProxy()
        // Before any hook runs: it may send the response itself.
        reply.header('cache-control', 'no-store')
        const visit = routes.begin(route, contextOf({ request, reply }))
        visits.set(request, visit)
        reply.raw.once('close', () => routes.leave(visit))
        return routes.enter(visit)
      },
      preParsing: async (request) => routes.admit(visitOf(request)),
      handler: async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? parseJsonBody(request.body) : undefined
        const visit = visitOf(request)
        const answer = await withHookReply(reply, () => routes.answer(visit, body)).catch((error: unknown) => {
          // Of a hook that sent the response and failed afterwards Fastify tells its error handler nothing.
          routes.refuse(visit, error)
          if (visit.context.http.answered) return 'sent by a hook' as const
          throw error
        })
        if (answer === 'sent by a hook') return reply
        if (answer.statusCode === 204) return reply.code(204).send()
        return reply.code(200).header('content-type', 'application/json; charset=utf-8').send(answer.json)
      },
    })
  }

  // Not awaited before the server closes: it must go on with what it has let in.
  own.addHook('preClose', async () => void routes.close())
  own.addHook('onClose', () => routes.close())
}

/** The counter as @fastify/rate-limit wants it. */
function storeOf(counter: RedisCounter): FastifyRateLimitStoreCtor {
  return class {
    incr(
      key: string,
      done: (error: Error | null, result?: { current: number; ttl: number }) => void,
      windowMs = 0,
    ): void {
      counter.count(key, windowMs).then(({ hits, leftMs }) => done(null, { current: hits, ttl: leftMs }), done)
    }
    child() {
      return this
    }
  }
}

/** An answer as JSON; of an error that is not ours, the usual four fields. */
function serializeAnswer(payload: unknown): string {
  if (!(payload instanceof Error) || isCorbadoError(payload)) return JSON.stringify(payload)
  const { statusCode, code, error, message }: Error & { statusCode?: unknown; code?: unknown; error?: unknown } =
    payload
  return JSON.stringify({ statusCode, code, error, message })
}
