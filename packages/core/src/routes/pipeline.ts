import type { ConnectFlows } from '../connect.js'
import { throwIfLeft } from '../corbado/recipient.js'
import { isConnectTokenType } from '../corbado/schemas.js'
import { CorbadoError } from '../errors.js'
import { runHook } from '../hooks.js'
import type { HttpContext } from '../http.js'
import type { ConnectUser } from '../session/strategy.js'
import { closeGraceMs, waitAtMost } from '../time-limit.js'
import { assertJsonBody, parseBody } from './body.js'
import { currentUser, describeSession } from './current-session.js'
import { refusalOutcome } from './event-sink.js'
import type { Outcome } from './events.js'
import type { Settings } from './options.js'
import { checkOrigin } from './origin.js'
import { addressKey } from './rate-limit.js'
import { clientLeftError, RouteRequest, type RouteResponse } from './route-request.js'
import type { RouteName } from './routes-option.js'
import { isConnectTokenRequest, isVerifyRequest } from './schemas.js'

/** What an adapter sends: a 200 with a body, or an empty 204; nothing if a hook sent the response itself. */
export type RouteAnswer =
  | { readonly statusCode: 200; readonly json: string }
  | { readonly statusCode: 204 }
  | 'sent by a hook'

const noContent: RouteAnswer = { statusCode: 204 }

/**
 * The two routes without a framework. An adapter calls, in this order: `start`, `identify`, its rate limiter (with
 * `limitKey`), `admit`, its body reader, `answer`; and `refuse` on any error. No step can be skipped.
 */
export class RoutePipeline<User extends ConnectUser, Context extends HttpContext> {
  readonly #settings: Settings<User, Context>
  readonly #flows: ConnectFlows<User, Context>
  readonly #inFlight = new Set<RouteRequest<User, Context>>()
  #closed: Promise<void> | undefined
  #onIdle: (() => void) | undefined

  constructor(settings: Settings<User, Context>, flows: ConnectFlows<User, Context>) {
    this.#settings = settings
    this.#flows = flows
  }

  /** Whether `close` was called. */
  get closing(): boolean {
    return this.#closed !== undefined
  }

  /** Starts the clock of a request and watches for the client to leave. */
  start(route: RouteName, context: Context, response: RouteResponse): RouteRequest<User, Context> {
    const request = new RouteRequest<User, Context>(route, context, response)
    this.#inFlight.add(request)
    if (this.closing) closeConnectionAfter(response)
    // If the client left while an earlier hook or middleware of the app was waiting, 'close' does not come again.
    if (response.destroyed) this.clientLeft(request)
    else response.on('close', () => this.clientLeft(request))
    return request
  }

  /** Closing → origin → (connect token) `getUser`. */
  async identify(request: RouteRequest<User, Context>): Promise<void> {
    throwIfLeft(request)
    if (this.closing) throw new CorbadoError('SHUTTING_DOWN', { reason: 'closing' })
    this.requireAllowedOrigin(request.context)
    const user =
      request.route === 'connectToken' ? await currentUser(this.#settings.session, this.#flows, request.context) : null
    request.advance('started', 'identified')
    request.user = user
    if (user !== null) request.identifier = user.identifier
  }

  /** Whom this request is counted for. */
  limitKey({ route, user, ip }: RouteRequest<User, Context>): string {
    return user === null ? `${route}:ip:${addressKey(ip)}` : `${route}:user:${user.identifier}`
  }

  /** 401 → content type. The body is not read before this. */
  admit(request: RouteRequest<User, Context>): void {
    request.advance('identified', 'admitted')
    if (request.route === 'connectToken' && request.user === null) throw notAuthenticated()
    assertJsonBody(request.context.http)
  }

  /**
   * Body → type → `authorizeConnectToken`, and the flow itself.
   *
   * @param body its bytes, its text, or what the app's own parser made of it
   */
  async answer(request: RouteRequest<User, Context>, body: unknown): Promise<RouteAnswer> {
    request.advance('admitted', 'answering')
    const parsed = parseBody(body)
    const isConnectToken = request.route === 'connectToken'
    const answer = isConnectToken ? await this.#connectToken(request, parsed) : await this.#login(request, parsed)
    const { answered } = request.context.http
    this.#end(request, isConnectToken ? issued : accepted)
    if (answered) return 'sent by a hook'
    return answer === undefined ? noContent : { statusCode: 200, json: JSON.stringify(answer) }
  }

  /** Reports a refusal, once. The adapter answers the client with the error. */
  refuse(request: RouteRequest<User, Context>, error: unknown): void {
    if (request.step === 'over') return
    const subject = request.route === 'connectToken' ? 'connect_token' : 'login'
    this.#end(request, refusalOutcome(subject, error), error)
  }

  /**
   * The client went away. What the flow has begun goes on to the next point where it can stop: its outcome is the event.
   * Before that, the event is `client_left`.
   */
  clientLeft(request: RouteRequest<User, Context>): void {
    if (request.step === 'over') return
    request.noteClientLeft()
    if (request.step !== 'answering') this.refuse(request, clientLeftError())
  }

  /** @throws CorbadoError `CORBADO_ORIGIN_NOT_ALLOWED` */
  requireAllowedOrigin({ http }: Context): void {
    checkOrigin({ origin: http.header('origin'), secFetchSite: http.header('sec-fetch-site') }, this.#settings.origin)
  }

  /**
   * Refuses new requests, lets those in flight finish, and closes what the flows hold. Requests that take longer than the
   * grace of 10 seconds lose their connection.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const end = performance.now() + closeGraceMs
    for (const { response } of this.#inFlight) closeConnectionAfter(response)
    if (this.#inFlight.size > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve
      })
      await waitAtMost(closeGraceMs, idle)
    }
    // A client that sends half a body and stops must not hold the server.
    for (const request of this.#inFlight) {
      request.response.socket?.destroy()
      this.clientLeft(request)
    }
    await this.#flows.close(Math.max(0, end - performance.now()))
  }

  async #connectToken(request: RouteRequest<User, Context>, body: unknown): Promise<unknown> {
    const { user } = request
    if (user === null) throw notAuthenticated()
    if (!isConnectTokenRequest(body)) throw new CorbadoError('INVALID_REQUEST', { reason: 'body_shape' })
    const { type } = body
    if (!isConnectTokenType(type) || !this.#settings.tokenTypes.has(type)) {
      throw new CorbadoError('TYPE_NOT_ALLOWED', { reason: 'type' })
    }
    request.tokenType = type
    const { authorizeConnectToken } = this.#settings
    if (authorizeConnectToken !== undefined) {
      const session = await describeSession(this.#settings.session, request.context)
      const allowed = await runHook('HOOK_FAILED', 'authorizeConnectToken', () =>
        authorizeConnectToken({ user, type, session }, request.context),
      )
      if (allowed !== true) throw new CorbadoError('NOT_AUTHORIZED', { reason: 'authorize_connect_token' })
      throwIfLeft(request)
    }
    const token = await this.#flows.issueConnectToken({ user, type }, request)
    // Nobody received it: it expires by itself.
    throwIfLeft(request)
    return token
  }

  async #login(request: RouteRequest<User, Context>, body: unknown): Promise<unknown> {
    if (!isVerifyRequest(body)) throw new CorbadoError('INVALID_REQUEST', { reason: 'body_shape' })
    const { context } = request
    const cookie = this.#settings.clientState
    const clientState = cookie?.parse(body.clientState)
    const answer = await this.#flows.verifyLogin({ signedPasskeyData: body.signedPasskeyData }, context, request)
    if (clientState !== undefined && !context.http.answered) cookie?.keep(context.http, clientState)
    return answer
  }

  #end(request: RouteRequest<User, Context>, outcome: Outcome, error?: unknown): void {
    request.step = 'over'
    this.#inFlight.delete(request)
    if (this.#inFlight.size === 0) this.#onIdle?.()
    this.#settings.events.emit(outcome, request, request.context, error)
  }
}

const issued: Outcome = { type: 'connect_token.issued', reason: 'ok' }
const accepted: Outcome = { type: 'login.accepted', reason: 'ok' }

function notAuthenticated(): CorbadoError {
  return new CorbadoError('NOT_AUTHENTICATED', { reason: 'no_user' })
}

/** A proxy must not send its next request over this connection. */
function closeConnectionAfter(response: RouteResponse): void {
  response.shouldKeepAlive = false
}
