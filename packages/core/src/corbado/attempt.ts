import { setMaxListeners } from 'node:events'
import type { Dispatcher } from 'undici'
import type { Recipient } from './recipient.js'

const defaultMaxResponseBytes = 64 * 1024

/** When an attempt ends early. */
export interface AttemptLimits {
  /** When to give up, in the milliseconds of `performance.now()`. */
  readonly deadline: number
  /** An earlier time to give up, so that another attempt fits. `mayGiveUp` is asked once, at that time. */
  readonly early?: { readonly at: number; readonly mayGiveUp: () => boolean } | undefined
  /** The longest body that is read. Default 64 KiB. */
  readonly maxResponseBytes?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Once the recipient has left, the request is not sent any more. What was sent goes on. */
  readonly recipient?: Recipient | undefined
}

/** What became of one attempt. Only `unsent` and `overloaded` prove that Corbado did not process it. */
export type AttemptResult =
  | {
      readonly kind: 'answered'
      readonly status: number
      readonly retryAfter: string | undefined
      readonly body: Uint8Array | undefined
    }
  | { readonly kind: 'unsent'; readonly endedBy: EndedBy; readonly cause: Error }
  | { readonly kind: 'unanswered'; readonly endedBy: EndedBy; readonly cause: Error }
  | {
      readonly kind: 'overloaded'
      readonly reason: 'queue_full' | 'upstream_limit'
      readonly retryAfterSeconds: number
    }

/** Who ended the attempt: our deadline, the caller's signal, or a failure of the connection. */
export type EndedBy = 'deadline' | 'signal' | 'failure'

/** One attempt: follows undici's events, and knows at any time whether bytes were written. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #limits: AttemptLimits
  readonly #ownPool: boolean
  readonly #onSettled: (result: AttemptResult) => void
  readonly #onReleased: () => void
  readonly #onAbort: (() => void) | undefined
  #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | undefined
  #released = false
  #sent = false
  #status = 0
  #retryAfter: string | undefined
  #encoded = false
  #received = 0
  #chunks: Buffer[] = []
  settled = false

  constructor(
    limits: AttemptLimits,
    owner: {
      readonly ownPool: boolean
      readonly onSettled: (result: AttemptResult) => void
      /** The dispatcher no longer holds anything of this attempt. */
      readonly onReleased: () => void
    },
  ) {
    this.#limits = limits
    this.#ownPool = owner.ownPool
    this.#onSettled = owner.onSettled
    this.#onReleased = owner.onReleased
    const { early, signal } = limits
    this.#timer = setTimeout(early === undefined ? endOfTime : endOfShare, untilMs(early?.at ?? limits.deadline), this)
    if (signal === undefined) return
    // Any number of calls may share a signal.
    if (signal instanceof EventTarget) setMaxListeners(0, signal)
    this.#onAbort = () => this.giveUp('signal')
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (signal.aborted) this.giveUp('signal')
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#limits.recipient?.hasLeft === true) this.giveUp('signal')
    this.#controller = controller
    if (!this.settled) {
      this.#sent = true
      return
    }
    // Given up while it waited for a connection: it must not be written. An error thrown here leaves the connection of
    // our own pools to the next request; aborting would close one connection for each attempt that was given up.
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
    const { maxResponseBytes = defaultMaxResponseBytes } = this.#limits
    if (this.#received <= maxResponseBytes && !this.#encoded) this.#chunks.push(chunk)
    // The status is known and the body is of no use, so it is not read to its end.
    else this.#answered(undefined)
  }

  onResponseEnd(): void {
    const [only] = this.#chunks
    if (this.#encoded) this.#answered(undefined)
    else this.#answered(this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks))
    this.release()
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    this.fail(error)
  }

  /** The dispatcher's last event, which also comes after the attempt was given up. */
  fail(error: unknown): void {
    this.#settle({ kind: this.#sent ? 'unanswered' : 'unsent', endedBy: 'failure', cause: causeOf(error) })
    this.release()
  }

  giveUp(endedBy: 'deadline' | 'signal'): void {
    if (this.settled) return
    const cause = new Error(endedBy === 'deadline' ? 'The deadline passed' : 'The caller gave up')
    this.#settle({ kind: this.#sent ? 'unanswered' : 'unsent', endedBy, cause })
    this.#controller?.abort(cause)
  }

  /** The share of this attempt is over: gives up if another attempt may follow, else goes on until the deadline. */
  endShare(): void {
    const { early, deadline } = this.#limits
    if (this.settled) return
    if (early?.mayGiveUp() === true) this.giveUp('deadline')
    else this.#timer = setTimeout(endOfTime, untilMs(deadline), this)
  }

  release(): void {
    if (this.#released) return
    this.#released = true
    this.#onReleased()
  }

  #answered(body: Uint8Array | undefined): void {
    this.#settle({ kind: 'answered', status: this.#status, retryAfter: this.#retryAfter, body })
    if (body === undefined) this.#controller?.abort(new Error('The answer is not read to its end'))
  }

  #settle(result: AttemptResult): void {
    if (this.settled) return
    this.settled = true
    clearTimeout(this.#timer)
    if (this.#onAbort !== undefined) this.#limits.signal?.removeEventListener('abort', this.#onAbort)
    this.#chunks = []
    this.#onSettled(result)
    // Another dispatcher may never send a last event.
    if (!this.#ownPool) this.release()
  }
}

const untilMs = (time: number): number => Math.max(0, time - performance.now())

// Timers run before sockets are read: an answer that arrived while the event loop was busy is not late.
const endOfTime = (attempt: Attempt): unknown => setImmediate(() => attempt.giveUp('deadline'))
const endOfShare = (attempt: Attempt): unknown => setImmediate(() => attempt.endShare())

/** The error without bytes of the connection: an upstream may have echoed our credentials. */
function causeOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error('Sending failed')
  // undici's parser keeps what it could not read as `data`, its interceptor `responseError` the `body`.
  if (!('data' in error) && !('body' in error)) return error
  const cause = new Error(error.message)
  cause.name = error.name
  return 'code' in error ? Object.assign(cause, { code: error.code }) : cause
}
