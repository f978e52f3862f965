import type { Duplex } from 'node:stream'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { strike, strikesAfter, strikesBefore, waitLatency } from '../faults/fault-injection.js'
import type { Fault } from '../faults/faults.js'
import { newId } from '../state/ids.js'
import type { Entry } from '../state/requests.js'
import type { State } from '../state/state.js'
import { ApiError, type EnvelopeContext, errorEnvelope } from '../wire/error-envelope.js'
import { isRecord } from '../wire/fields.js'
import {
  backendPrefix,
  frontendPrefix,
  isNotImplemented,
  methodsOf,
  type RouteName,
  routeNameOf,
  routes,
} from '../wire/operations.js'
import { checkCredentials } from './credentials.js'

/** More than any request of Corbado's clients needs. */
const bodyLimit = 256 * 1024

/** What is known about a request on its way. */
export interface Recording {
  readonly entry: Entry
  readonly context: EnvelopeContext
  readonly route: RouteName | null
  fault: Fault | undefined
}

const unrecorded: Entry = {
  requestID: 'req-0',
  received: () => {},
  met: () => {},
  warned: () => {},
  answered: () => {},
}

export interface Server {
  readonly app: FastifyInstance
  recordingOf(request: FastifyRequest): Recording
  /** Tells the developer, on the page and in the output of the process, what is wrong with a request that is answered. */
  warn(request: FastifyRequest, message: string): void
}

/** The HTTP server without its routes: Corbado's error envelope, the record of requests, and the faults. */
export function createServer(state: State): Server {
  const app = Fastify({
    bodyLimit,
    exposeHeadRoutes: false,
    // `hang` leaves sockets open, and close() must not wait for them.
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => sendError(error, request, reply),
    clientErrorHandler: sendClientError,
  })
  const recordings = new WeakMap<FastifyRequest, Recording>()
  let url = ''
  app.server.once('listening', () => {
    const address = app.server.address()
    if (typeof address === 'object') url = `http://localhost:${address?.port}`
  })

  function recordingOf(request: FastifyRequest): Recording {
    const known = recordings.get(request)
    if (known !== undefined) return known
    const { method, raw, routeOptions } = request
    const route = routeNameOf(method, routeOptions.url)
    // The emulator's own page is not a request to Corbado.
    const isOwn = routeOptions.url !== undefined && route === null
    const entry = isOwn ? unrecorded : state.requests.add(method, raw.url ?? '', route, raw.headers, raw.socket)
    const context = { requestID: entry.requestID, url, startedAtMs: performance.now() }
    const recording: Recording = { entry, context, route, fault: undefined }
    recordings.set(request, recording)
    return recording
  }

  const disturb = (request: FastifyRequest, reply: FastifyReply, { entry, context }: Recording) => ({
    response: reply.raw,
    socket: request.raw.socket,
    headers: textHeaders(reply),
    context,
    answered: entry.answered,
  })

  // A body of another type must not reach a handler as text.
  app.removeContentTypeParser('text/plain')
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Corbado's PHP SDK sends a DELETE with this content type and without a body.
    if (body.length === 0 && request.method === 'DELETE') return done(null, undefined)
    return parseJson(request, String(body), done)
  })

  app.addHook('onRequest', async (request) => {
    refuseForeignHost(request.headers.host)
    recordingOf(request)
  })

  app.addHook('preValidation', async (request, reply) => {
    const recording = recordingOf(request)
    recording.entry.received(request.body)
    const fault = state.faults.take(recording.route)
    if (fault === undefined) return
    recording.fault = fault
    recording.entry.met(fault.kind)
    await waitLatency(fault)
    if (!strikesBefore(fault)) return
    reply.hijack()
    strike(fault, disturb(request, reply, recording))
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const recording = recordings.get(request)
    if (recording?.fault === undefined || !strikesAfter(recording.fault)) return payload
    const body = typeof payload === 'string' ? payload : ''
    strike(recording.fault, disturb(request, reply, recording), {
      status: reply.statusCode,
      headers: textHeaders(reply),
      body,
    })
    // The fault has taken the connection over: Fastify must never come to the point of sending.
    return new Promise(() => {})
  })

  app.addHook('onResponse', async (request, reply) => {
    recordings.get(request)?.entry.answered(reply.statusCode)
  })

  function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const error = asApiError(thrown)
    return reply
      .code(error.status)
      .send(errorEnvelope({ ...error, details: error.message }, recordingOf(request).context))
  }
  app.setErrorHandler(sendError)

  /** What is not even HTTP, and therefore never becomes a request. */
  function sendClientError(_error: Error, socket: Duplex): void {
    if (!socket.writable) return
    const context = { requestID: newId('req'), url, startedAtMs: performance.now() }
    const problem = { status: 400, type: 'validation_error', details: 'The request is not valid HTTP.' }
    const body = JSON.stringify(errorEnvelope(problem, context))
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nContent-Type: application/json; charset=utf-8\r\nConnection: close\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }

  app.setNotFoundHandler((request, reply) => {
    const path = request.raw.url?.split('?')[0] ?? ''
    const isDocumented = isNotImplemented(request.method, path)
    if (isDocumented || (path.startsWith(backendPrefix) && !path.startsWith(frontendPrefix))) {
      checkCredentials(request.headers, state.settings)
    }
    const methods = isDocumented ? [] : methodsOf(path)
    if (methods.length > 0) {
      reply.header('allow', methods.join(', '))
      throw new ApiError(405, 'method_not_allowed', `${request.method} is not allowed here.`)
    }
    process.emitWarning(`not implemented: ${request.method} ${path}`, { type: 'CorbadoEmulatorWarning' })
    const hint = isDocumented ? '' : ' Corbado’s documents do not name this operation.'
    const details = `The emulator does not implement ${request.method} ${path}.${hint}`
    throw new ApiError(501, 'emulator_not_implemented', details)
  })

  return {
    app,
    recordingOf,
    warn(request, message) {
      const { entry, route } = recordingOf(request)
      entry.warned(message)
      state.warnings.warn(route ?? '', message)
    },
  }
}

/** Registers an operation under all its paths. */
export function route(
  app: FastifyInstance,
  name: RouteName,
  handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void {
  const { method, paths } = routes[name]
  for (const url of paths) app.route({ method, url, handler })
}

/** A parameter of the path, such as `id`. */
export function parameterOf({ params }: FastifyRequest, name: string): string {
  const value = isRecord(params) ? params[name] : undefined
  return typeof value === 'string' ? value : ''
}

export const queryOf = ({ raw }: FastifyRequest): URLSearchParams => new URLSearchParams(raw.url?.split('?')[1])

/**
 * A page of a foreign site can make its own name resolve to 127.0.0.1 (DNS rebinding) and would then count as our own
 * origin. The name in `Host` gives it away.
 */
function refuseForeignHost(host: string | undefined): void {
  if (host !== undefined && /^(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]+)?$/i.test(host)) return
  throw new ApiError(421, 'validation_error', 'The emulator answers only to localhost, 127.0.0.1 and [::1].')
}

function textHeaders(reply: FastifyReply): Record<string, number | string | string[]> {
  const headers: Record<string, number | string | string[]> = {}
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) headers[name] = value
  return headers
}

/** Fastify's own errors, as Corbado would tell them. */
function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  const status = thrown instanceof Error && 'statusCode' in thrown ? thrown.statusCode : undefined
  if (status === 413) return new ApiError(413, 'validation_error', 'The body is too large.')
  if (status === 415) return new ApiError(415, 'invalid_json', 'The content type must be application/json.')
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'FST_ERR_BAD_URL') {
    return new ApiError(400, 'validation_error', 'The URL is malformed.')
  }
  if (status === 400) return new ApiError(400, 'invalid_json', 'The body is not valid JSON.')
  // A defect of the emulator: say so where a developer looks.
  process.emitWarning(thrown instanceof Error ? thrown : String(thrown), { type: 'CorbadoEmulatorWarning' })
  return new ApiError(500, 'internal_error', 'The emulator has failed, see its output.')
}
