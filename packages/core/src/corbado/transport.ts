import { type Dispatcher, Pool } from 'undici'
import { InFlight } from '../in-flight.js'
import { Attempt, type AttemptLimits, type AttemptResult } from './attempt.js'
import { reusingLookup } from './name-lookup.js'
import { UpstreamLimit, type UpstreamLimitOptions } from './upstream-limit.js'

/** Open connections per pool. */
const maxConnections = 128
/** Calls per pool that may wait for a connection; further ones are refused at once. */
const maxWaiting = 512
/**
 * How long a connection may be idle before it carries another verification, in milliseconds. A server that closes it
 * at the same moment leaves open whether the verification was processed; servers wait longer than this.
 */
const verificationIdleMs = 1000

/** One HTTP request to Corbado. */
export interface TransportRequest extends AttemptLimits {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: string | undefined
  /** Verifications are sent once, over connections of their own. */
  readonly poolName: 'verifications' | 'repeatable'
}

/** Where and how requests are sent. */
export interface TransportOptions {
  readonly origin: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly dispatcher: Dispatcher | undefined
  readonly upstreamLimit: UpstreamLimitOptions | false
}

/**
 * Sends requests over undici's dispatcher, with our own deadline, bounded connections, a bounded queue and a limit below
 * Corbado's.
 *
 * @see https://undici.nodejs.org/#/docs/api/Dispatcher
 */
export class Transport {
  readonly #origin: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #headersWithBody: Readonly<Record<string, string>>
  readonly #ownPools: readonly Pool[]
  readonly #dispatchers: Readonly<Record<TransportRequest['poolName'], BoundedDispatcher>>
  readonly #limit: UpstreamLimit | undefined
  readonly #inFlight = new InFlight()
  #closed: Promise<void> | undefined

  constructor({ origin, headers, timeoutMs, dispatcher, upstreamLimit }: TransportOptions) {
    this.#origin = origin
    this.#headers = Object.freeze({ ...headers, accept: 'application/json', 'accept-encoding': 'identity' })
    this.#headersWithBody = Object.freeze({ ...this.#headers, 'content-type': 'application/json' })
    this.#limit = upstreamLimit === false ? undefined : new UpstreamLimit(upstreamLimit)
    if (dispatcher !== undefined) {
      this.#ownPools = []
      this.#dispatchers = {
        verifications: new BoundedDispatcher(dispatcher),
        repeatable: new BoundedDispatcher(dispatcher),
      }
      return
    }
    const lookup = reusingLookup()
    const newPool = (options: Pool.Options = {}) =>
      new Pool(origin, {
        ...options,
        connections: maxConnections,
        allowH2: false,
        // Each of undici's own timers leaves a gap; ours covers the whole attempt.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: timeoutMs, lookup },
      })
    // A server's `Keep-Alive` hint overrides `keepAliveTimeout`, up to `keepAliveMaxTimeout`.
    const verifications = newPool({ keepAliveTimeout: verificationIdleMs, keepAliveMaxTimeout: verificationIdleMs })
    const repeatable = newPool()
    this.#ownPools = [verifications, repeatable]
    this.#dispatchers = {
      verifications: new BoundedDispatcher(verifications),
      repeatable: new BoundedDispatcher(repeatable),
    }
  }

  /** Sends a request once. The promise never rejects and never outlives the deadline. */
  send(request: TransportRequest): Promise<AttemptResult> {
    const bounded = this.#dispatchers[request.poolName]
    if (bounded.inDispatcher >= maxConnections + maxWaiting) return overloaded('queue_full', 1)
    const waitSeconds = this.#limit?.take(request.poolName === 'verifications') ?? 0
    if (waitSeconds > 0) return overloaded('upstream_limit', waitSeconds)
    this.#inFlight.start()
    return new Promise((resolve) => {
      const attempt = new Attempt(request, {
        ownPool: this.#ownPools.length > 0,
        onSettled: (result) => {
          this.#inFlight.end()
          resolve(result)
        },
        onReleased: bounded.onReleased,
      })
      bounded.inDispatcher += 1
      if (attempt.settled) attempt.release()
      else this.#dispatch(bounded.dispatcher, request, attempt)
    })
  }

  /** Closes our own connections once what is under way has ended; a dispatcher that was passed in stays open. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  #dispatch(dispatcher: Dispatcher, { method, path, body }: TransportRequest, attempt: Attempt): void {
    const headers = body === undefined ? this.#headers : this.#headersWithBody
    try {
      dispatcher.dispatch(
        {
          origin: this.#origin,
          method,
          path,
          // Interceptors of another dispatcher may add headers.
          headers: this.#ownPools.length > 0 ? headers : { ...headers },
          body: body ?? null,
        },
        attempt,
      )
    } catch (error) {
      attempt.fail(error)
    }
  }

  async #close(): Promise<void> {
    // Refuses what is new. Not awaited: attempts that were given up wait there for connections that may never be made.
    for (const pool of this.#ownPools) void pool.close()
    await this.#inFlight.idle()
    await Promise.all(this.#ownPools.map((pool) => pool.destroy()))
  }
}

/** A dispatcher, and how many attempts it holds: those under way, and those that were given up and are still queued. */
class BoundedDispatcher {
  readonly dispatcher: Dispatcher
  inDispatcher = 0

  constructor(dispatcher: Dispatcher) {
    this.dispatcher = dispatcher
  }

  readonly onReleased = (): void => {
    this.inDispatcher -= 1
  }
}

function overloaded(reason: 'queue_full' | 'upstream_limit', retryAfterSeconds: number): Promise<AttemptResult> {
  return Promise.resolve({ kind: 'overloaded', reason, retryAfterSeconds })
}
