import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { strike, strikesAfter, strikesBefore, waitLatency } from '../faults/fault-injection.js'
import type { Fault } from '../faults/faults.js'
import type { Entry } from '../state/requests.js'
import type { State } from '../state/state.js'
import { ApiError, type EnvelopeContext, errorEnvelope } from '../wire/error-envelope.js'
import { methodsOf, ROUTES, type RouteName, routeNameOf } from '../wire/operations.js'

/** More than any request of Corbado's clients needs. */
const BODY_LIMIT = 256 * 1024

/** What the hooks know about a request on its way. */
type Exchange = { entry: Entry; context: EnvelopeContext; route: RouteName | null; fault: Fault | undefined }

const UNRECORDED: Entry = { requestID: 'req-0', received: () => {}, met: () => {}, answered: () => {} }

export type Server = {
  readonly app: FastifyInstance
  /** What the envelopes of the answers to this request say. */
  contextOf(request: FastifyRequest): EnvelopeContext
}

/** The HTTP server without its routes: Corbado's error envelope, the record of requests, and the faults. */
export function createServer(state: State): Server {
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    exposeHeadRoutes: false,
    // `hang` leaves sockets open, and close() must not wait for them.
    forceCloseConnections: true,
  })
  const exchanges = new WeakMap<FastifyRequest, Exchange>()
  let url = ''
  app.server.once('listening', () => {
    const address = app.server.address()
    if (typeof address === 'object') url = `http://localhost:${address?.port}`
  })

  function exchangeOf(request: FastifyRequest): Exchange {
    const known = exchanges.get(request)
    if (known !== undefined) return known
    const { method, raw, routeOptions } = request
    const route = routeNameOf(method, routeOptions.url)
    // The emulator's own page is not a request to Corbado.
    const isOwn = routeOptions.url !== undefined && route === null
    const entry = isOwn ? UNRECORDED : state.requests.add(method, raw.url ?? '', route, raw.headers, raw.socket)
    const context = { requestID: entry.requestID, url, startedAtMs: performance.now() }
    const exchange: Exchange = { entry, context, route, fault: undefined }
    exchanges.set(request, exchange)
    return exchange
  }

  const disturb = (request: FastifyRequest, reply: FastifyReply, { entry, context }: Exchange) => ({
    response: reply.raw,
    socket: request.raw.socket,
    headers: textHeaders(reply),
    context,
    answered: entry.answered,
  })

  // A body of another type must not reach a handler as text.
  app.removeContentTypeParser('text/plain')

  app.addHook('onRequest', async (request) => {
    refuseForeignHost(request.headers.host)
    exchangeOf(request)
  })

  app.addHook('preValidation', async (request, reply) => {
    const exchange = exchangeOf(request)
    exchange.entry.received(request.body)
    const fault = state.faults.take(exchange.route)
    if (fault === undefined) return
    exchange.fault = fault
    exchange.entry.met(fault.kind)
    await waitLatency(fault)
    if (!strikesBefore(fault)) return
    reply.hijack()
    strike(fault, disturb(request, reply, exchange))
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const exchange = exchanges.get(request)
    if (exchange?.fault === undefined || !strikesAfter(exchange.fault)) return payload
    const body = typeof payload === 'string' ? payload : ''
    strike(exchange.fault, disturb(request, reply, exchange), {
      status: reply.statusCode,
      headers: textHeaders(reply),
      body,
    })
    // The fault has taken the connection over: Fastify must never come to the point of sending.
    return new Promise(() => {})
  })

  app.addHook('onResponse', async (request, reply) => {
    exchanges.get(request)?.entry.answered(reply.statusCode)
  })

  app.setErrorHandler((thrown, request, reply) => {
    const error = asApiError(thrown)
    return reply
      .code(error.status)
      .send(errorEnvelope({ ...error, details: error.message }, exchangeOf(request).context))
  })

  app.setNotFoundHandler((request, reply) => {
    const path = request.raw.url?.split('?')[0] ?? ''
    const methods = methodsOf(path)
    if (methods.length > 0) {
      reply.header('allow', methods.join(', '))
      throw new ApiError(405, 'method_not_allowed', `${request.method} is not allowed here.`)
    }
    process.emitWarning(`not implemented: ${request.method} ${path}`, { type: 'CorbadoEmulatorWarning' })
    throw new ApiError(501, 'emulator_not_implemented', `The emulator does not implement ${request.method} ${path}.`)
  })

  return { app, contextOf: (request) => exchangeOf(request).context }
}

/** Registers an operation under all its paths. */
export function route(
  app: FastifyInstance,
  name: RouteName,
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void {
  const { method, paths } = ROUTES[name]
  for (const url of paths) app.route({ method, url, handler })
}

/**
 * A page of a foreign site can make its own name resolve to 127.0.0.1 (DNS rebinding) and would then count as our own
 * origin. The name in `Host` gives it away.
 */
function refuseForeignHost(host: string | undefined): void {
  if (host !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?$/i.test(host)) return
  throw new ApiError(421, 'invalid_origin', 'The emulator answers to localhost, 127.0.0.1 and [::1] alone.')
}

function textHeaders(reply: FastifyReply): Record<string, number | string | string[]> {
  const headers: Record<string, number | string | string[]> = {}
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) headers[name] = value
  return headers
}

/** Fastify's own errors, told as Corbado tells them. */
function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  const status = thrown instanceof Error && 'statusCode' in thrown ? thrown.statusCode : undefined
  if (status === 413) return new ApiError(413, 'validation_error', 'The body is too large.')
  if (status === 415) return new ApiError(415, 'invalid_json', 'The content type must be application/json.')
  if (status === 400) return new ApiError(400, 'invalid_json', 'The body is not valid JSON.')
  // A defect of the emulator's: say so where a developer looks.
  process.emitWarning(thrown instanceof Error ? thrown : String(thrown), { type: 'CorbadoEmulatorWarning' })
  return new ApiError(500, 'internal_error', 'The emulator has failed, see its output.')
}
