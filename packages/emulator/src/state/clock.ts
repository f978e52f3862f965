/**
 * The emulator's only source of time: every expiry, every timestamp and every claim is read from here.
 * It runs with the machine's clock until it is set; from then on it is stopped, so that a test can assert exact values.
 */
export interface Clock {
  /** The emulator's time, in milliseconds since 1970. */
  now(): number
  /** True while the clock is stopped. */
  readonly stopped: boolean
  /** Stops the clock at this moment (milliseconds since 1970, or a `Date`). */
  set(time: number | Date): void
  /** Moves the clock by this many milliseconds; a running clock goes on running. Negative values go back. */
  advance(ms: number): void
  /** Back to the machine's clock. */
  reset(): void
}

export function createClock(changed: () => void): Clock {
  let stoppedAt: number | undefined
  let offset = 0
  return {
    now: () => stoppedAt ?? Date.now() + offset,
    get stopped() {
      return stoppedAt !== undefined
    },
    set(time) {
      stoppedAt = finite('clock.set(time): time', time instanceof Date ? time.getTime() : time)
      changed()
    },
    advance(ms) {
      finite('clock.advance(ms): ms', ms)
      if (stoppedAt === undefined) offset += ms
      else stoppedAt += ms
      changed()
    },
    reset() {
      stoppedAt = undefined
      offset = 0
      changed()
    },
  }
}

/** Unix seconds, the unit of Corbado's tokens. */
export const inSeconds = (ms: number): number => Math.floor(ms / 1000)

function finite(name: string, ms: number): number {
  if (!Number.isFinite(ms)) throw new TypeError(`${name} must be a finite number of milliseconds`)
  return ms
}
