import { type Dispatcher, Pool } from 'undici'

/** Open connections to Corbado at the most, of each kind. */
const maxConnections = 128
/** Calls that may wait for a connection at the most; further ones are refused at once. */
const maxWaiting = 512
const maxResponseBytes = 64 * 1024

/** One HTTP request to Corbado. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: string
  /** A connection of its own: on a reused one a reset does not tell whether the request was processed. */
  readonly freshConnection: boolean
  /** When to give up, in the milliseconds of `performance.now()`. */
  readonly deadline: number
  readonly signal?: AbortSignal | undefined
}

/** What became of one attempt. Only `unsent` and `overloaded` prove that Corbado did not process it. */
export type Exchange =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly retryAfter: string | undefined
      readonly body: Buffer | undefined
    }
  | { readonly kind: 'unsent'; readonly stop: Stop; readonly cause: Error }
  | { readonly kind: 'unanswered'; readonly stop: Stop; readonly cause: Error }
  | { readonly kind: 'overloaded' }

/** Who ended the attempt: our deadline, the caller's signal, or a failure of the connection. */
export type Stop = 'deadline' | 'signal' | 'failure'

/** Where and how requests are sent. */
export interface TransportOptions {
  readonly origin: string
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly dispatcher: Dispatcher | undefined
}

/**
 * Sends one request at a time over undici's dispatcher, with our own deadline, bounded connections and a bounded queue.
 *
 * @see https://undici.nodejs.org/#/docs/api/Dispatcher
 */
export class Transport {
  readonly #origin: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #reused: Dispatcher
  readonly #fresh: Dispatcher
  readonly #own: readonly Pool[]
  /** Calls that a dispatcher holds: those under way, and those that were given up and still stand in its queue. */
  readonly #held = { reused: 0, fresh: 0 }
  readonly #underWay = new Set<Promise<Exchange>>()
  #closed: Promise<void> | undefined

  constructor({ origin, headers, timeoutMs, dispatcher }: TransportOptions) {
    this.#origin = origin
    this.#headers = { ...headers, accept: 'application/json', 'accept-encoding': 'identity' }
    if (dispatcher !== undefined) {
      this.#reused = dispatcher
      this.#fresh = dispatcher
      this.#own = []
      return
    }
    const newPool = (options: Pool.Options = {}) =>
      new Pool(origin, {
        ...options,
        connections: maxConnections,
        allowH2: false,
        // Each of undici's own timers leaves a gap; ours is raced against every attempt.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: timeoutMs },
      })
    const reused = newPool()
    // The connection of a call that was given up while it connected was never used; it must not stand there for the next.
    const fresh = newPool({ keepAliveTimeout: 1 })
    this.#reused = reused
    this.#fresh = fresh
    this.#own = [reused, fresh]
  }

  /** Sends a request once. It never rejects and never outlives its deadline. */
  async send(request: TransportRequest): Promise<Exchange> {
    const lane = request.freshConnection ? 'fresh' : 'reused'
    if (this.#held[lane] >= maxConnections + maxWaiting) return { kind: 'overloaded' }
    const exchange = this.#exchange(request, lane)
    this.#underWay.add(exchange)
    try {
      return await exchange
    } finally {
      this.#underWay.delete(exchange)
    }
  }

  /** Ends the connections of our own once what is under way has ended; a dispatcher that was handed in stays open. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    // Refuses what is new. Its end is not awaited: what was given up waits there for connections that may never come about.
    for (const pool of this.#own) void pool.close()
    await Promise.all(this.#underWay)
    await Promise.all(this.#own.map((pool) => pool.destroy()))
  }

  #exchange(request: TransportRequest, lane: 'fresh' | 'reused'): Promise<Exchange> {
    const dispatcher = lane === 'fresh' ? this.#fresh : this.#reused
    return new Promise((resolve) => {
      this.#held[lane] += 1
      const onLeft = () => {
        this.#held[lane] -= 1
      }
      const attempt = new Attempt(request, { ownPool: this.#own.length > 0, resolve, onLeft })
      if (attempt.settled) {
        attempt.leave()
        return
      }
      try {
        dispatcher.dispatch(
          {
            origin: this.#origin,
            method: request.method,
            path: request.path,
            headers: {
              ...this.#headers,
              ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
            },
            body: request.body ?? null,
            ...(request.freshConnection ? { reset: true } : {}),
          },
          attempt,
        )
      } catch (error) {
        attempt.fail(error)
      }
    })
  }
}

/** One attempt: follows undici's events, and knows at any time whether bytes were written. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #resolve: (exchange: Exchange) => void
  readonly #timer: NodeJS.Timeout
  readonly #signal: AbortSignal | undefined
  readonly #ownPool: boolean
  readonly #onLeft: () => void
  #left = false
  #controller: Dispatcher.DispatchController | undefined
  #sent = false
  #status = 0
  #retryAfter: string | undefined
  #encoded = false
  #received = 0
  #chunks: Buffer[] = []
  settled = false

  constructor(
    request: TransportRequest,
    ends: {
      readonly ownPool: boolean
      readonly resolve: (exchange: Exchange) => void
      /** The dispatcher holds nothing of it any more. */
      readonly onLeft: () => void
    },
  ) {
    this.#resolve = ends.resolve
    this.#ownPool = ends.ownPool
    this.#onLeft = ends.onLeft
    this.#signal = request.signal
    this.#timer = setTimeout(() => this.#give('deadline'), Math.max(0, request.deadline - performance.now()))
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (this.#signal?.aborted) this.#give('signal')
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (!this.settled) {
      this.#sent = true
      return
    }
    // Given up while it waited for a connection: it must not be written any more. Thrown in undici's own dispatchers, the
    // connection goes to the next request; aborted, it would be torn down, one for each that gave up.
    const givenUp = new Error('Given up before it was sent')
    if (this.#ownPool) throw givenUp
    controller.abort(givenUp)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: NodeJS.Dict<string | string[]>): void {
    if (status < 200) return
    this.#status = status
    const retryAfter = headers['retry-after']
    if (typeof retryAfter === 'string') this.#retryAfter = retryAfter
    const encoding = headers['content-encoding']
    this.#encoded = encoding !== undefined && encoding !== 'identity'
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.length
    if (this.#received <= maxResponseBytes && !this.#encoded) this.#chunks.push(chunk)
    // Its status is known and its body is of no use: not worth reading to the end.
    else this.#answered(undefined)
  }

  onResponseEnd(): void {
    this.#answered(this.#encoded ? undefined : Buffer.concat(this.#chunks))
    this.leave()
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    this.fail(error)
  }

  /** The dispatcher's last word on it, also after it was given up. */
  fail(error: unknown): void {
    this.#settle({ kind: this.#sent ? 'unanswered' : 'unsent', stop: 'failure', cause: causeOf(error) })
    this.leave()
  }

  leave(): void {
    if (this.#left) return
    this.#left = true
    this.#onLeft()
  }

  readonly #onAbort = (): void => this.#give('signal')

  #give(stop: 'deadline' | 'signal'): void {
    const cause = new Error(stop === 'deadline' ? 'The deadline passed' : 'The caller gave up')
    this.#settle({ kind: this.#sent ? 'unanswered' : 'unsent', stop, cause })
    this.#controller?.abort(cause)
  }

  #answered(body: Buffer | undefined): void {
    this.#settle({ kind: 'answered', status: this.#status, retryAfter: this.#retryAfter, body })
    if (body === undefined) this.#controller?.abort(new Error('The answer is not read to its end'))
  }

  #settle(exchange: Exchange): void {
    if (this.settled) return
    this.settled = true
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#chunks = []
    this.#resolve(exchange)
    // A dispatcher of the user's is not known to speak a last word.
    if (!this.#ownPool) this.leave()
  }
}

/** The error without bytes of the connection: an upstream may have echoed our credentials. */
function causeOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('Sending failed')
  // undici's parser keeps what it could not read as `data`, its interceptor `responseError` the `body`.
  if (!('data' in error) && !('body' in error)) return error
  const cause = new Error(error.message)
  cause.name = error.name
  return 'code' in error ? Object.assign(cause, { code: error.code }) : cause
}
