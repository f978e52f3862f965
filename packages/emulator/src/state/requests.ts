import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { isRecord } from '../wire/fields.js'
import type { RouteName } from '../wire/operations.js'
import type { Clock } from './clock.js'
import { fingerprint } from './fingerprint.js'
import { newId } from './ids.js'

/** A request that the emulator has received. Secrets in it are replaced by their `fingerprint()`. */
export type RecordedRequest = {
  /** Corbado's request ID, as it stands in the envelope of the answer. */
  readonly requestID: string
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** Without the question mark; empty if there was none. */
  readonly query: string
  /** The operation, null for a path that the emulator does not know. */
  readonly route: RouteName | null
  /** The HTTP status of the answer, null as long as there is none (and for good when a fault withheld it). */
  readonly status: number | null
  /** When it arrived by the emulator's clock, in milliseconds since 1970. */
  readonly time: number
  /** Credentials keep their scheme alone: `Basic …`, `Bearer …`. */
  readonly headers: Readonly<Record<string, string>>
  /** The parsed JSON body, undefined if there was none. */
  readonly body: unknown
  /** The port of the other end of the connection. */
  readonly remotePort: number
  /** Counts the connections; two requests with the same number came over the same connection. */
  readonly connection: number
  /** The fault that met this request. */
  readonly fault: string | null
}

/** Narrows `requests()` and `count()`. */
export type RequestFilter = { route?: RouteName; method?: string; path?: string }

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Enough for any assertion; a load test counts by `count()`, which forgets nothing. */
const CAPACITY = 10_000

export class Requests {
  #recent: Mutable<RecordedRequest>[] = []
  readonly #counts = new Map<string, { route: RouteName | null; method: string; path: string; count: number }>()
  readonly #connections = new WeakMap<Socket, number>()
  readonly #clock: Clock
  readonly #changed: () => void
  #connectionCount = 0

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  add(method: string, url: string, route: RouteName | null, headers: IncomingHttpHeaders, socket: Socket): Entry {
    const [path, query] = splitOnce(withoutSecrets(url), '?')
    const request: Mutable<RecordedRequest> = {
      requestID: newId('req'),
      method,
      path,
      query,
      route,
      status: null,
      time: this.#clock.now(),
      headers: withoutCredentials(headers),
      body: undefined,
      remotePort: socket.remotePort ?? 0,
      connection: this.#connectionOf(socket),
      fault: null,
    }
    this.#recent.push(request)
    // Halving now and then is cheaper than shifting an array on every request.
    if (this.#recent.length >= 2 * CAPACITY) this.#recent = this.#recent.slice(-CAPACITY)
    this.#countOne(method, path, route)
    this.#changed()
    return {
      requestID: request.requestID,
      received: (body) => {
        request.body = shortenSecrets(body)
      },
      met: (fault) => {
        request.fault = fault
        this.#changed()
      },
      answered: (status) => {
        request.status = status
        this.#changed()
      },
    }
  }

  select(filter: RequestFilter = {}): RecordedRequest[] {
    return this.#recent
      .slice(-CAPACITY)
      .filter((request) => accepts(filter, request))
      .map((request) => ({ ...request }))
  }

  count(filter: RequestFilter = {}): number {
    let sum = 0
    for (const entry of this.#counts.values()) if (accepts(filter, entry)) sum += entry.count
    return sum
  }

  clear(): void {
    this.#recent = []
    this.#counts.clear()
    this.#changed()
  }

  #countOne(method: string, path: string, route: RouteName | null): void {
    const key = `${method} ${path}`
    const entry = this.#counts.get(key)
    if (entry !== undefined) entry.count++
    else this.#counts.set(key, { route, method, path, count: 1 })
  }

  #connectionOf(socket: Socket): number {
    const known = this.#connections.get(socket)
    if (known !== undefined) return known
    this.#connections.set(socket, ++this.#connectionCount)
    return this.#connectionCount
  }
}

/** One request on its way. */
export type Entry = {
  readonly requestID: string
  received(body: unknown): void
  met(fault: string): void
  answered(status: number): void
}

const accepts = (
  { route, method, path }: RequestFilter,
  request: { route: RouteName | null; method: string; path: string },
): boolean =>
  (route === undefined || route === request.route) &&
  (method === undefined || method === request.method) &&
  (path === undefined || path === request.path)

const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie'])

function withoutCredentials(headers: IncomingHttpHeaders): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    const text = Array.isArray(value) ? value.join(', ') : value
    shown[name] = SECRET_HEADERS.has(name)
      ? `${name === 'cookie' ? '' : schemeOf(text)} …`.trim()
      : withoutSecrets(text)
  }
  return shown
}

/** Without a space there is no scheme, and the text is the credential itself. */
const schemeOf = (authorization: string): string =>
  authorization.includes(' ') ? splitOnce(authorization, ' ')[0] : ''

/** What a secret of Corbado's looks like: somebody may put it into a path or a field where it does not belong. */
const SECRET = /ctk1_[A-Za-z0-9]{30}|eyJ[\w-]+\.[\w-]+\.[\w-]*/g

const withoutSecrets = (text: string): string => text.replace(SECRET, (secret) => fingerprint(secret))

const SECRET_FIELDS = new Set([
  'signedPasskeyData',
  'secret',
  'connectToken',
  'appendTokenValue',
  'loginConnectToken',
  'invitationToken',
])

function shortenSecrets(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecrets(value)
  if (Array.isArray(value)) return value.map(shortenSecrets)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      SECRET_FIELDS.has(name) && typeof field === 'string' ? fingerprint(field) : shortenSecrets(field),
    ]),
  )
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
