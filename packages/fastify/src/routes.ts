import { type ConnectUser, isCorbadoError } from '@corbado-connect/core'
import {
  type Adapter,
  bodyError,
  checkForwardedFor,
  closeIdleConnections,
  createLimitCounter,
  type LimitCounter,
  maxBodyBytes,
  pathMatcher,
  pathOf,
  type RouteAnswer,
  type RouteRequest,
  rateLimited,
  routeSchemas,
  warnOfHopCount,
} from '@corbado-connect/core/internal'
import fastifyRateLimit, { type FastifyRateLimitStore, type FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type FastifyContext, type FastifyPair, routeContextOf } from './http.js'
import { proxyTrustOf, trustProxyOf } from './proxy-trust.js'

/** Headers of the limiter itself; `Retry-After` comes with our error. */
const limiterHeaders = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset', 'retry-after']
const noHeaders = Object.fromEntries(limiterHeaders.map((name) => [name, false]))

const routeRequest = Symbol('corbado-connect.routeRequest')

/** Registers the routes in a context that belongs to us. */
export async function registerRoutes<User extends ConnectUser>(
  own: FastifyInstance,
  { settings, pipeline }: Pick<Adapter<User, FastifyContext, FastifyPair, FastifyRequest>, 'settings' | 'pipeline'>,
): Promise<void> {
  type OurRequest = RouteRequest<User, FastifyContext>
  own.decorateRequest(routeRequest, null)
  const find = (request: FastifyRequest): OurRequest | null => Reflect.get(request, routeRequest)
  const requestOf = (request: FastifyRequest): OurRequest => {
    const found = find(request)
    if (found === null) throw new Error('A request reached our routes without passing their onRequest hook')
    return found
  }

  own.removeAllContentTypeParsers()
  own.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes))
  // The core validates. Here, the schemas are for the app's OpenAPI document.
  own.setValidatorCompiler(() => () => true)
  own.setSerializerCompiler(() => serializeAnswer)

  const handlerBefore = own.errorHandler
  const errorHandler = (error: FastifyError, request: FastifyRequest, reply: FastifyReply): unknown => {
    reply.header('cache-control', 'no-store')
    const ours = find(request)
    if (ours === null) throw error // A hook of the app refused the request before it came to us.
    const isBodyError = typeof error.code === 'string' && error.code.startsWith('FST_ERR_CTP_')
    const refusal = isBodyError ? bodyError(error) : error
    pipeline.refuse(ours, refusal)
    if (isCorbadoError(refusal)) reply.headers(refusal.headers)
    // Thrown, it reaches the handler that the app had when it registered us. A handler that was set later must be called.
    if (own.errorHandler === handlerBefore) throw refusal
    return own.errorHandler(refusal, request, reply)
  }

  const { rateLimit } = settings
  if (rateLimit !== false) {
    await own.register(fastifyRateLimit, {
      global: true,
      max: (request) => rateLimit[requestOf(request).route].max,
      timeWindow: (request) => rateLimit[requestOf(request).route].windowMs,
      keyGenerator: (request) => pipeline.limitKey(requestOf(request)),
      errorResponseBuilder: (_request, { ttl }) => rateLimited(ttl),
      addHeaders: noHeaders,
      addHeadersOnExceeding: noHeaders,
      store: storeOf(createLimitCounter(rateLimit, settings.client.projectId)),
    })
  }

  const trustProxy = trustProxyOf(own)
  if (typeof trustProxy === 'number') warnOfHopCount()

  for (const route of ['connectToken', 'verify'] as const) {
    const url = settings.paths[route]
    if (url === null) continue
    const matchPath = pathMatcher(own.prefix + url)
    own.route({
      method: 'POST',
      url,
      bodyLimit: maxBodyBytes,
      schema: routeSchemas[route],
      errorHandler,
      onRequest(request, reply, done) {
        // Fastify decodes /%70ath before it looks for a route; Express does not.
        if (matchPath(pathOf(request.raw.url ?? '')) === undefined) {
          reply.callNotFound()
          return
        }
        checkForwardedFor(request.headers['x-forwarded-for'], () => proxyTrustOf(trustProxy, request))
        // Set before any hook runs, because a hook may send the response itself.
        reply.header('cache-control', 'no-store')
        const ours = pipeline.start(route, routeContextOf({ request, reply }, settings.client.projectId), reply.raw)
        Reflect.set(request, routeRequest, ours)
        pipeline.identify(ours).then(() => done(), done)
      },
      preParsing(request, _reply, _payload, done) {
        pipeline.admit(requestOf(request))
        done()
      },
      handler(request, reply) {
        const ours = requestOf(request)
        pipeline.answer(ours, request.body).then(
          (answer) => sendAnswer(reply, answer),
          (error: unknown) => {
            // Fastify does not call its error handler when a hook fails after sending the response.
            if (ours.context.http.answered) pipeline.refuse(ours, error)
            else reply.send(error instanceof Error ? error : new Error('A request failed', { cause: error }))
          },
        )
      },
    })
  }

  own.addHook('preClose', async () => {
    // Not awaited before the server closes: requests in flight must be able to finish.
    void pipeline.close()
    closeIdleConnections(own.server)
  })
  own.addHook('onClose', () => pipeline.close())
}

function sendAnswer(reply: FastifyReply, answer: RouteAnswer): void {
  if (answer === 'sent by a hook') return
  if (answer.statusCode === 204) reply.code(204).send()
  else reply.code(200).header('content-type', 'application/json; charset=utf-8').send(answer.json)
}

/** The counter as @fastify/rate-limit expects it. */
function storeOf(counter: LimitCounter): FastifyRateLimitStoreCtor {
  return class {
    incr(key: string, done: Parameters<FastifyRateLimitStore['incr']>[1], windowMs: number, max: number): void {
      const count = counter.count(key, { max, windowMs })
      if (count instanceof Promise) count.then(({ hits, leftMs }) => done(null, { current: hits, ttl: leftMs }), done)
      else done(null, { current: count.hits, ttl: count.leftMs })
    }
    child() {
      return this
    }
  }
}

/** An answer as JSON. An error that is not ours has the usual four fields. */
function serializeAnswer(payload: unknown): string {
  if (!(payload instanceof Error) || isCorbadoError(payload)) return JSON.stringify(payload)
  const { statusCode, code, error, message }: Error & Record<string, unknown> = Object(payload)
  return JSON.stringify({ statusCode, code, error, message })
}
