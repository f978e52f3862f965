import type { RouteName } from '../wire/operations.js'
import { checkFault } from './fault-check.js'

/**
 * Something that goes wrong on purpose. `route` says where, `count` how often, and `kind` what happens:
 *
 * | `kind` | what the client sees |
 * |---|---|
 * | `latency` | the true answer, `latencyMs` later |
 * | `status` | this HTTP status, with Corbado's error envelope or the body given |
 * | `reset` | the connection is reset (RST) |
 * | `close` | the connection is closed (FIN) without an answer |
 * | `hang` | no answer, on a connection that stays open |
 * | `garbage` | these bytes instead of an HTTP answer |
 * | `truncate` | the true answer, cut off in the middle of its body |
 * | `drip` | the true answer, its body one byte at a time |
 */
export type Fault = FaultTarget & FaultAction

/** Which requests a fault meets. */
export interface FaultTarget {
  /** The operation that fails, or `*` for every operation. */
  route: RouteName | '*'
  /** How many requests fail; without it all of them until the fault is removed. */
  count?: number
  /** How many requests are served well before the first one fails; default 0. */
  skip?: number
  /** Waits this long before anything else happens, in milliseconds of real time; default 0. */
  latencyMs?: number
}

/** What happens to them. */
export type FaultAction =
  | { kind: 'latency'; latencyMs: number }
  | ({ kind: 'status' } & Moment & StatusAnswer)
  | ({ kind: 'reset' | 'close' | 'hang' } & Moment)
  | ({ kind: 'garbage' } & Moment & Garbage)
  | { kind: 'truncate' }
  | {
      kind: 'drip'
      /** The pause between two bytes, in milliseconds. */
      everyMs: number
    }

/** Whether the request is processed all the same. */
export interface Moment {
  /**
   * `before` (the default): the request is received and has no effect. `after`: it is processed, a token in it is
   * spent, and only then the fault takes the place of the answer.
   */
  when?: 'before' | 'after'
}

/** The answer of a fault of kind `status`. */
export interface StatusAnswer {
  status: number
  /** `error.type` in Corbado's envelope; default: the one that goes with the status. */
  errorType?: string
  headers?: Readonly<Record<string, string | readonly string[]>>
  /** Sent instead of Corbado's envelope: text and bytes as they are, everything else as JSON. */
  body?: unknown
}

/** The bytes of a fault of kind `garbage`. */
export interface Garbage {
  /** Sent as they are on the connection; default: a few bytes that are not HTTP. */
  bytes?: string | Uint8Array
  /** Then sent again and again, one piece each `everyMs` milliseconds, until the client gives up. */
  repeat?: { bytes: string | Uint8Array; everyMs: number }
  /** What becomes of the connection afterwards; default `close`. */
  ending?: 'close' | 'reset' | 'hang'
}

/** A fault that is in place. */
export interface FaultHandle {
  /** How many requests it has met so far. */
  readonly hits: number
  /** Takes it away; requests that it already holds stay as they are. */
  remove(): void
}

interface Placed {
  fault: Fault
  toSkip: number
  left: number
  hits: number
}

/** The faults in place. On each request the oldest one that applies is used. */
export class Faults {
  #placed: Placed[] = []

  /** @throws TypeError for a fault that could never strike */
  add(fault: unknown): FaultHandle {
    checkFault(fault)
    const placed: Placed = {
      fault: { ...fault },
      toSkip: fault.skip ?? 0,
      left: fault.count ?? Number.POSITIVE_INFINITY,
      hits: 0,
    }
    this.#placed.push(placed)
    return {
      get hits() {
        return placed.hits
      },
      remove: () => {
        this.#placed = this.#placed.filter((other) => other !== placed)
      },
    }
  }

  /** The fault for this request, counted as used. */
  take(route: RouteName | null): Fault | undefined {
    for (const placed of this.#placed) {
      if (route === null || (placed.fault.route !== '*' && placed.fault.route !== route) || placed.left === 0) continue
      if (placed.toSkip > 0) {
        placed.toSkip--
        continue
      }
      placed.left--
      placed.hits++
      return placed.fault
    }
    return undefined
  }

  clear(): void {
    this.#placed = []
  }
}
