import type { RouteName } from '../wire/operations.js'
import { dropOldest } from './drop-oldest.js'

/** Narrows `requests()` and `count()`. */
export interface RequestFilter {
  route?: RouteName
  method?: string
  path?: string
}

interface Counted {
  readonly route: RouteName | null
  readonly method: string
  /** Null for the total of the paths that are no longer counted apart. */
  readonly path: string | null
  count: number
}

/** Enough for the paths of a test; a client that asks for a new path every time must not fill the memory. */
const capacity = 1000

/** Counts every request, however many. Only the latest 1,000 distinct paths are counted apart. */
export class RequestCounts {
  readonly #byPath = new Map<string, Counted>()
  readonly #ofOtherPaths = new Map<string, Counted>()

  add(route: RouteName | null, method: string, path: string): void {
    const key = `${method} ${path}`
    const counted = this.#byPath.get(key) ?? { route, method, path, count: 0 }
    counted.count++
    // To the end of the map: what is used again is dropped last.
    this.#byPath.delete(key)
    this.#byPath.set(key, counted)
    dropOldest(this.#byPath, capacity, (dropped) => this.#mergeIntoOthers(dropped))
  }

  count(filter: RequestFilter): number {
    let sum = 0
    for (const counted of this.#byPath.values()) if (accepts(filter, counted)) sum += counted.count
    for (const counted of this.#ofOtherPaths.values()) if (accepts(filter, counted)) sum += counted.count
    return sum
  }

  clear(): void {
    this.#byPath.clear()
    this.#ofOtherPaths.clear()
  }

  #mergeIntoOthers({ route, method, count }: Counted): void {
    const key = `${method} ${route}`
    const others = this.#ofOtherPaths.get(key) ?? { route, method, path: null, count: 0 }
    others.count += count
    this.#ofOtherPaths.set(key, others)
  }
}

export const accepts = (
  { route, method, path }: RequestFilter,
  request: { route: RouteName | null; method: string; path: string | null },
): boolean =>
  (route === undefined || route === request.route) &&
  (method === undefined || method === request.method) &&
  (path === undefined || path === request.path)
