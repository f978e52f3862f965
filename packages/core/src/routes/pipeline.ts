import type { ConnectFlows } from '../connect.js'
import { isConfigurationFailure } from '../corbado/answer.js'
import { type ConnectTokenType, isConnectTokenType, matches } from '../corbado/schemas.js'
import { CorbadoError, isCorbadoError } from '../errors.js'
import { isRefusal, runHook } from '../hooks.js'
import type { HttpContext } from '../http.js'
import type { ConnectUser } from '../session/strategy.js'
import { closeGraceMs, waitAtMost } from '../time-limit.js'
import { assertJsonBody } from './body.js'
import type { ConnectEvent, ConnectEventType, Trace } from './events.js'
import type { RouteName, Settings } from './options.js'
import { checkOrigin } from './origin.js'
import { addressKey } from './rate-limit.js'
import { connectTokenRequestSchema, verifyRequestSchema } from './schemas.js'

/** One request to one of our routes, from its arrival to its answer. */
export interface Visit<User extends ConnectUser, Context extends HttpContext> {
  readonly route: RouteName
  readonly context: Context
  /** In the milliseconds of `performance.now()`. */
  readonly startedAt: number
  /** Of its arrival: of a connection that has ended nobody knows the address any more. */
  readonly ip: string
  readonly trace: Trace
  user: User | null
  phase: 'arrived' | 'entered' | 'admitted' | 'answering' | 'over'
}

/** What an adapter sends: a body of 200, or an empty 204; nothing where a hook sent the response itself. */
export type RouteAnswer =
  | { readonly statusCode: 200; readonly json: string }
  | { readonly statusCode: 204 }
  | 'sent by a hook'

/**
 * The two routes without a framework. An adapter calls, in this order: `begin`, `enter`, its rate limiter (with
 * `limitKey`), `admit`, its body reader, `answer`; and on any error `refuse`.
 */
export class Routes<User extends ConnectUser, Context extends HttpContext> {
  readonly #settings: Settings<User, Context>
  readonly #flows: ConnectFlows<User, Context>
  readonly #visits = new Set<Visit<User, Context>>()
  #closed: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  constructor(settings: Settings<User, Context>, flows: ConnectFlows<User, Context>) {
    this.#settings = settings
    this.#flows = flows
  }

  /** Starts the clock of a request. */
  begin(route: RouteName, context: Context): Visit<User, Context> {
    const visit: Visit<User, Context> = {
      route,
      context,
      startedAt: performance.now(),
      ip: context.http.ip,
      trace: {},
      user: null,
      phase: 'arrived',
    }
    this.#visits.add(visit)
    return visit
  }

  /** Closing → origin → (connect token) `getUser`. */
  async enter(visit: Visit<User, Context>): Promise<void> {
    if (this.#closed !== undefined) throw new CorbadoError('SHUTTING_DOWN', { reason: 'closing' })
    this.requireAllowedOrigin(visit.context)
    if (visit.route === 'connectToken') {
      visit.user = await this.#flows.currentUser(visit.context)
      if (visit.user !== null) visit.trace.identifier = visit.user.identifier
    }
    advance(visit, 'entered')
  }

  /** Whom this request is counted for. */
  limitKey({ route, user, ip }: Visit<User, Context>): string {
    return user === null ? `${route}:ip:${addressKey(ip)}` : `${route}:user:${user.identifier}`
  }

  /** 401 → content type; the body is not read before this. */
  admit(visit: Visit<User, Context>): void {
    if (visit.route === 'connectToken' && visit.user === null) {
      throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'no_user' })
    }
    assertJsonBody(visit.context.http)
    advance(visit, 'admitted')
  }

  /** Body → type → `authorizeConnectToken`, and the flow itself. */
  async answer(visit: Visit<User, Context>, body: unknown): Promise<RouteAnswer> {
    advance(visit, 'answering')
    const answer =
      visit.route === 'connectToken' ? await this.#connectToken(visit, body) : await this.#login(visit, body)
    const sent = visit.context.http.answered
    this.#report(visit, {
      type: visit.route === 'connectToken' ? 'connect_token.issued' : 'login.accepted',
      reason: 'ok',
    })
    if (sent) return 'sent by a hook'
    return answer === undefined ? { statusCode: 204 } : { statusCode: 200, json: JSON.stringify(answer) }
  }

  /** Reports a refusal, once. The error goes on to the client as it is. */
  refuse(visit: Visit<User, Context>, error: unknown): void {
    if (visit.phase === 'over') return
    if (isCorbadoError(error)) {
      const { code, statusCode, requestId } = error
      const type = refusalType(visit.route, error)
      const known = { type, reason: error.reason ?? code, code, statusCode }
      this.#report(visit, { ...known, ...(requestId === undefined ? {} : { requestId }) }, error)
    } else {
      const refusal = isRefusal(error)
      const type = visit.route === 'connectToken' ? 'connect_token.refused' : 'login.refused'
      const statusCode = refusal ? error.statusCode : 500
      this.#report(visit, { type, reason: refusal ? 'hook' : 'error', statusCode }, error)
    }
  }

  /** The client went away. What has begun goes on: its outcome is the event. */
  leave(visit: Visit<User, Context>): void {
    if (visit.phase !== 'answering' && visit.phase !== 'over') this.refuse(visit, clientLeft())
  }

  /** @throws CorbadoError `CORBADO_ORIGIN_NOT_ALLOWED` */
  requireAllowedOrigin({ http }: Context): void {
    checkOrigin({ origin: http.header('origin'), secFetchSite: http.header('sec-fetch-site') }, this.#settings.origin)
  }

  /** Refuses new requests, lets those under way finish, and closes what the flows hold. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const end = performance.now() + closeGraceMs
    if (this.#visits.size > 0) {
      const empty = new Promise<void>((resolve) => {
        this.#onEmpty = resolve
      })
      await waitAtMost(closeGraceMs, empty)
    }
    await this.#flows.close(Math.max(0, end - performance.now()))
  }

  async #connectToken(visit: Visit<User, Context>, body: unknown): Promise<unknown> {
    const { user, context, trace } = visit
    if (user === null) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'no_user' })
    if (!matches(connectTokenRequestSchema, body)) throw new CorbadoError('INVALID_REQUEST', { reason: 'body_shape' })
    const { type } = body
    if (!isConnectTokenType(type) || !this.#settings.tokenTypes.has(type)) {
      throw new CorbadoError('TYPE_NOT_ALLOWED', { reason: 'type' })
    }
    trace.tokenType = type
    await this.#authorize(user, type, context)
    return this.#flows.issueConnectToken({ user, type })
  }

  async #authorize(user: User, type: ConnectTokenType, context: Context): Promise<void> {
    const { authorizeConnectToken } = this.#settings
    if (authorizeConnectToken === undefined) return
    const allowed = await runHook('HOOK_FAILED', 'authorizeConnectToken', () =>
      authorizeConnectToken({ user, type }, context),
    )
    if (allowed !== true) throw new CorbadoError('NOT_AUTHORIZED', { reason: 'authorize_connect_token' })
  }

  async #login({ context, trace }: Visit<User, Context>, body: unknown): Promise<unknown> {
    if (!matches(verifyRequestSchema, body)) throw new CorbadoError('INVALID_REQUEST', { reason: 'body_shape' })
    const clientState = this.#settings.clientState?.parse(body.clientState)
    const answer = await this.#flows.verifyLogin({ signedPasskeyData: body.signedPasskeyData }, context, trace)
    if (clientState !== undefined && !context.http.answered) this.#settings.clientState?.keep(context.http, clientState)
    return answer
  }

  #report(
    visit: Visit<User, Context>,
    outcome: Pick<ConnectEvent, 'type' | 'reason' | 'code' | 'statusCode' | 'requestId'>,
    error?: unknown,
  ): void {
    if (visit.phase === 'over') return
    visit.phase = 'over'
    this.#visits.delete(visit)
    if (this.#visits.size === 0) this.#onEmpty?.()
    const { onEvent } = this.#settings
    if (onEvent === undefined) return
    const event = {
      ...outcome,
      time: Date.now(),
      durationMs: performance.now() - visit.startedAt,
      ip: visit.ip,
      ...visit.trace,
    }
    try {
      Promise.resolve(onEvent(event, visit.context, error)).catch(() => {})
    } catch {
      // The audit trail is not allowed to change an answer.
    }
  }
}

/** @throws CorbadoError where the client has left: its event is out, and nothing of it may begin any more */
function advance(visit: Pick<Visit<never, never>, 'phase'>, phase: 'entered' | 'admitted' | 'answering'): void {
  if (visit.phase === 'over') throw clientLeft()
  visit.phase = phase
}

function clientLeft(): CorbadoError {
  return new CorbadoError('INVALID_REQUEST', { reason: 'client_left' })
}

function refusalType(route: RouteName, error: CorbadoError): ConnectEventType {
  if (isConfigurationFailure(error)) return 'config.error'
  if (route === 'connectToken') return 'connect_token.refused'
  return error.code === 'CORBADO_OUTCOME_UNKNOWN' ? 'login.unknown' : 'login.refused'
}
