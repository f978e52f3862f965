import { ApiError } from '../wire/error-envelope.js'
import type { Clock } from './clock.js'
import { dropOldest } from './drop-oldest.js'

/** What a WebAuthn challenge was given out for. */
export type Ceremony =
  | { kind: 'append'; identifier: string; displayName: string }
  | { kind: 'login'; identifier: string }
  /** Conditional UI: only the passkey tells who the user is. */
  | { kind: 'conditional' }

const capacity = 100_000

/** The challenges given out to browsers. Each is good for one answer, within its time. */
export class Ceremonies {
  readonly #byChallenge = new Map<string, { ceremony: Ceremony; expiresMs: number }>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(challenge: string, ceremony: Ceremony, lifetimeMs: number): void {
    this.#byChallenge.set(challenge, { ceremony, expiresMs: this.#clock.now() + lifetimeMs })
    dropOldest(this.#byChallenge, capacity)
  }

  /** Takes a challenge out for good, also when what follows fails: an answer gets one attempt. */
  take<Kind extends Ceremony['kind']>(challenge: string, ...kinds: Kind[]): Extract<Ceremony, { kind: Kind }> {
    const found = this.#byChallenge.get(challenge)
    this.#byChallenge.delete(challenge)
    if (found === undefined) throw refused('The challenge is unknown or was answered before.')
    if (this.#clock.now() >= found.expiresMs) throw refused('The challenge has expired.')
    const { ceremony } = found
    if (!isOneOf(ceremony, kinds)) throw refused(`The challenge was given out for ${ceremony.kind}.`)
    return ceremony
  }

  deleteOf(identifier: string): void {
    for (const [challenge, { ceremony }] of this.#byChallenge) {
      if (ceremony.kind !== 'conditional' && ceremony.identifier === identifier) this.#byChallenge.delete(challenge)
    }
  }

  clear(): void {
    this.#byChallenge.clear()
  }
}

const isOneOf = <Kind extends Ceremony['kind']>(
  ceremony: Ceremony,
  kinds: Kind[],
): ceremony is Extract<Ceremony, { kind: Kind }> => kinds.some((kind) => kind === ceremony.kind)

export const refused = (details: string): ApiError => new ApiError(400, 'validation_error', details)
