import { dropOldest } from './drop-oldest.js'
import { newId } from './ids.js'

const capacity = 100_000

interface User {
  readonly id: string
  readonly displayName: string | undefined
}

/** The users of the project, one for each WebAuthn identifier that was ever named. */
export class Users {
  readonly #byIdentifier = new Map<string, User>()

  /** Remembers a user, with the latest display name that a connect token gave. */
  see(identifier: string, displayName?: string, userID?: string): void {
    const known = this.#byIdentifier.get(identifier)
    const user = { id: userID ?? known?.id ?? newId('usr'), displayName: displayName ?? known?.displayName }
    // To the end of the map: who is used again is dropped last.
    this.#byIdentifier.delete(identifier)
    this.#byIdentifier.set(identifier, user)
    dropOldest(this.#byIdentifier, capacity)
  }

  idOf(identifier: string): string {
    this.see(identifier)
    return this.#byIdentifier.get(identifier)?.id ?? ''
  }

  nameOf(identifier: string): string | undefined {
    return this.#byIdentifier.get(identifier)?.displayName
  }

  isKnown(identifier: string): boolean {
    return this.#byIdentifier.has(identifier)
  }

  clear(): void {
    this.#byIdentifier.clear()
  }
}
