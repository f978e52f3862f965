import { dropOldest } from './drop-oldest.js'
import { newProcessId } from './ids.js'

const capacity = 100_000

/** The processes that an `init` has started. A page names its own in the header `X-Corbado-Process-ID`. */
export class Processes {
  readonly #ids = new Map<string, null>()

  start(): string {
    const id = newProcessId()
    this.#ids.set(id, null)
    dropOldest(this.#ids, capacity)
    return id
  }

  isKnown(id: string): boolean {
    return this.#ids.has(id)
  }

  /** Ends one process; false if there is none with this ID. */
  end(id: string): boolean {
    return this.#ids.delete(id)
  }

  clear(): void {
    this.#ids.clear()
  }
}
