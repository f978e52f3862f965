import type { Caller } from '../connect.js'
import type { Recipient } from '../corbado/recipient.js'
import type { ConnectTokenType } from '../corbado/schemas.js'
import { CorbadoError } from '../errors.js'
import type { HttpContext } from '../http.js'
import type { ConnectUser } from '../session/strategy.js'
import type { SignedPasskeyClaims } from '../signed-passkey-data.js'
import type { EventSource } from './event-sink.js'
import type { RouteName } from './routes-option.js'

/** How far a request has come. Every step demands the one before it, so none can be skipped. */
export type Step = 'started' | 'identified' | 'admitted' | 'answering' | 'over'

/** The part of Node's response that the pipeline uses. */
export interface RouteResponse {
  readonly destroyed: boolean
  /** False makes Node answer `Connection: close`. */
  shouldKeepAlive: boolean
  readonly socket: { destroy(): unknown } | null
  on(event: 'close', listener: () => void): unknown
}

/** One request to one of our routes, from its arrival to its answer. */
export class RouteRequest<User extends ConnectUser, Context extends HttpContext>
  implements Caller, Recipient, EventSource
{
  readonly route: RouteName
  readonly context: Context
  readonly response: RouteResponse
  /** Read on arrival: once a connection has ended, its address is unknown. */
  readonly ip: string
  /** In the milliseconds of `performance.now()`. */
  readonly startedAt: number
  step: Step = 'started'
  user: User | null = null
  identifier: string | undefined = undefined
  tokenType: ConnectTokenType | undefined = undefined
  claims: SignedPasskeyClaims | undefined = undefined
  hasLeft = false
  #leaving: AbortController | undefined = undefined

  constructor(route: RouteName, context: Context, response: RouteResponse) {
    this.route = route
    this.context = context
    this.response = response
    this.ip = context.http.ip
    this.startedAt = performance.now()
  }

  get recipient(): Recipient {
    return this
  }

  get leaving(): AbortSignal {
    this.#leaving ??= new AbortController()
    if (this.hasLeft) this.#leaving.abort(clientLeftError())
    return this.#leaving.signal
  }

  noteClientLeft(): void {
    this.hasLeft = true
    this.#leaving?.abort(clientLeftError())
  }

  /** Takes the step after `from`. */
  advance(from: Step, to: Step): void {
    // The event of a client that left has been written: nothing may begin for it any more.
    if (this.step === 'over') throw clientLeftError()
    if (this.step !== from) throw new Error(`A request cannot be ${to} before it is ${from}: it is ${this.step}`)
    this.step = to
  }
}

/** The error for a client that left before anything was spent on it. */
export function clientLeftError(): CorbadoError {
  return new CorbadoError('INVALID_REQUEST', { reason: 'client_left' })
}
