import type { Clock } from './clock.js'
import { dropOldest } from './drop-oldest.js'

export const verificationResults = [
  'success',
  'invalid_signature',
  'invalid_challenge',
  'user_mismatch',
  'generic_error',
] as const

/** The answer to a signedPasskeyData; everything but `success` is a refusal, and all of them are HTTP 200. */
export type VerificationResult = (typeof verificationResults)[number]

/** A passkey login for which the emulator has signed a signedPasskeyData. */
export interface Login {
  readonly challengeId: string
  readonly identifier: string
  /** How it came about: a passkey in a browser, its conditional UI, or `signIn()`. */
  readonly by: 'passkey' | 'conditional-ui' | 'signIn'
  /** Milliseconds since 1970. */
  readonly time: number
  /** The latest verdict, null as long as nobody has asked. */
  verdict: VerificationResult | null
  /** True once the verdict was `success`: the token is used up. */
  used: boolean
}

const capacity = 100_000

/** The challenges of finished logins. A signedPasskeyData is good for one of them, once. */
export class Logins {
  readonly #byChallenge = new Map<string, Login>()
  readonly #clock: Clock
  readonly #changed: () => void

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  add(challengeId: string, identifier: string, by: Login['by']): void {
    this.#byChallenge.set(challengeId, {
      challengeId,
      identifier,
      by,
      time: this.#clock.now(),
      verdict: null,
      used: false,
    })
    dropOldest(this.#byChallenge, capacity)
    this.#changed()
  }

  find(challengeId: unknown): Login | undefined {
    return typeof challengeId === 'string' ? this.#byChallenge.get(challengeId) : undefined
  }

  judge(login: Login, verdict: VerificationResult): VerificationResult {
    login.verdict = verdict
    login.used ||= verdict === 'success'
    this.#changed()
    return verdict
  }

  all(): Login[] {
    return [...this.#byChallenge.values()]
  }

  deleteOf(identifier: string): void {
    for (const login of this.all()) if (login.identifier === identifier) this.#byChallenge.delete(login.challengeId)
    this.#changed()
  }

  clear(): void {
    this.#byChallenge.clear()
    this.#changed()
  }
}
