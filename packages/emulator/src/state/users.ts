import { dropOldest } from './drop-oldest.js'
import { newId } from './ids.js'

const capacity = 100_000

/** Corbado's own user IDs: one for each WebAuthn identifier that was ever named, the same for as long as it is kept. */
export class Users {
  readonly #idByIdentifier = new Map<string, string>()

  idOf(identifier: string): string {
    const id = this.#idByIdentifier.get(identifier) ?? newId('usr')
    // To the end of the map: who is used again is dropped last.
    this.#idByIdentifier.delete(identifier)
    this.#idByIdentifier.set(identifier, id)
    dropOldest(this.#idByIdentifier, capacity)
    return id
  }

  isKnown(identifier: string): boolean {
    return this.#idByIdentifier.has(identifier)
  }

  clear(): void {
    this.#idByIdentifier.clear()
  }
}
