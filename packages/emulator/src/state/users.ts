import { newId } from './ids.js'

/** Corbado's own user IDs: one for each WebAuthn identifier that was ever named, the same for as long as it is kept. */
export class Users {
  readonly #idByIdentifier = new Map<string, string>()

  idOf(identifier: string): string {
    const known = this.#idByIdentifier.get(identifier)
    if (known !== undefined) return known
    const id = newId('usr')
    this.#idByIdentifier.set(identifier, id)
    return id
  }

  isKnown(identifier: string): boolean {
    return this.#idByIdentifier.has(identifier)
  }

  clear(): void {
    this.#idByIdentifier.clear()
  }
}
