/** How many requests one client sends to Corbado. */
export interface UpstreamLimitOptions {
  /** Requests per window, of all kinds and with retries. */
  readonly max: number
  /** Length of the window, in milliseconds. */
  readonly windowMs: number
}

/** The part of the limit that verifications may use: forged logins must not keep users from getting connect tokens. */
const verificationShare = 0.75
/** The window slides in steps of this fraction. */
const steps = 10

/**
 * Keeps a process below Corbado's limit for one address, where exceeding it would stop the logins of all users.
 * The window slides: no period of `windowMs` sees more than `max` requests.
 */
export class UpstreamLimit {
  readonly #max: number
  readonly #maxVerifications: number
  readonly #stepMs: number
  /** Requests per step, oldest first from the step after the current one. One step more than a window has. */
  readonly #requests = new Uint32Array(steps + 1)
  readonly #verifications = new Uint32Array(steps + 1)
  #total = 0
  #totalVerifications = 0
  #step = 0

  constructor({ max, windowMs }: UpstreamLimitOptions) {
    this.#max = max
    this.#maxVerifications = Math.max(1, Math.floor(max * verificationShare))
    this.#stepMs = windowMs / steps
  }

  /** Counts a request that is about to be sent. @returns 0, or the seconds to wait where it must not be sent */
  take(isVerification: boolean, now = performance.now()): number {
    this.#slide(Math.floor(now / this.#stepMs))
    const slot = this.#step % (steps + 1)
    if (this.#total >= this.#max) return this.#secondsUntilFree(this.#requests, now)
    if (isVerification) {
      if (this.#totalVerifications >= this.#maxVerifications) return this.#secondsUntilFree(this.#verifications, now)
      this.#verifications[slot] = (this.#verifications[slot] ?? 0) + 1
      this.#totalVerifications += 1
    }
    this.#requests[slot] = (this.#requests[slot] ?? 0) + 1
    this.#total += 1
    return 0
  }

  /** Forgets the steps that have left the window. */
  #slide(step: number): void {
    if (step === this.#step) return
    const passed = Math.min(step - this.#step, steps + 1)
    for (let index = 1; index <= passed; index += 1) {
      const slot = (this.#step + index) % (steps + 1)
      this.#total -= this.#requests[slot] ?? 0
      this.#totalVerifications -= this.#verifications[slot] ?? 0
      this.#requests[slot] = 0
      this.#verifications[slot] = 0
    }
    this.#step = step
  }

  #secondsUntilFree(counts: Uint32Array, now: number): number {
    let age = steps
    while (age > 0 && counts[(this.#step + steps + 1 - age) % (steps + 1)] === 0) age -= 1
    const freeAt = (this.#step - age + steps + 1) * this.#stepMs
    return Math.max(1, Math.ceil((freeAt - now) / 1000))
  }
}
