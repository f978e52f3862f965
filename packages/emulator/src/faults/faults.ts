import { isRouteName, type RouteName } from '../wire/operations.js'

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
  /** Waits so many milliseconds before anything else happens; default 0. Real time, whatever the emulator's clock says. */
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
  /** Sent as they are on the connection; default: a few bytes that are no HTTP. */
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

  add(fault: Fault): FaultHandle {
    check(fault)
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

const commonFields = ['route', 'kind', 'count', 'skip', 'latencyMs']

/** The fields that each kind takes besides the common ones. */
const fieldsByKind: Readonly<Record<Fault['kind'], readonly string[]>> = {
  latency: [],
  status: ['when', 'status', 'errorType', 'headers', 'body'],
  reset: ['when'],
  close: ['when'],
  hang: ['when'],
  garbage: ['when', 'bytes', 'repeat', 'ending'],
  truncate: [],
  drip: ['everyMs'],
}

/** A misspelt fault that never strikes would make a test pass for nothing. */
function check(fault: Fault): void {
  if (fault.route !== '*' && !isRouteName(fault.route))
    throw new TypeError(`fault.route must be an operation such as connectTokens.create, or *, not ${fault.route}`)
  if (!Object.hasOwn(fieldsByKind, fault.kind)) {
    throw new TypeError(`fault.kind must be one of ${Object.keys(fieldsByKind).join(', ')}`)
  }
  for (const name of Object.keys(fault)) {
    if (!commonFields.includes(name) && !fieldsByKind[fault.kind].includes(name)) {
      throw new TypeError(`fault.${name} must not be set: the kind ${fault.kind} has no such field`)
    }
  }
  const { count = 1, skip = 0, latencyMs = fault.kind === 'latency' ? Number.NaN : 0 } = fault
  notNegative('count', count)
  notNegative('skip', skip)
  notNegative('latencyMs', latencyMs)
  if (fault.kind === 'drip') notNegative('everyMs', fault.everyMs)
  if (fault.kind === 'status' && !(fault.status >= 200 && fault.status <= 599)) {
    throw new TypeError('fault.status must be a number from 200 to 599')
  }
}

function notNegative(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return
  throw new TypeError(`fault.${name} must be a number of 0 or more`)
}
