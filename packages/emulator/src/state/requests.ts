import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import { isRecord } from '../wire/fields.js'
import type { RouteName } from '../wire/operations.js'
import type { Clock } from './clock.js'
import { fingerprint } from './fingerprint.js'
import { newId } from './ids.js'
import { accepts, RequestCounts, type RequestFilter } from './request-counts.js'

/** A request that the emulator has received. Secrets in it are replaced by their `fingerprint()`. */
export interface RecordedRequest {
  /** Corbado's request ID, as it appears in the envelope of the answer. */
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
  /** Credentials are reduced to their scheme: `Basic …`, `Bearer …`. */
  readonly headers: Readonly<Record<string, string>>
  /** The parsed JSON body, undefined if there was none. */
  readonly body: unknown
  /** The port of the other end of the connection. */
  readonly remotePort: number
  /** Counts the connections; two requests with the same number came over the same connection. */
  readonly connection: number
  /** The fault that met this request. */
  readonly fault: string | null
  /** What is wrong with this request although it was answered, such as a missing process ID. */
  readonly warning: string | null
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Enough for any assertion; a load test counts by `count()`, which forgets nothing. */
const capacity = 10_000

export class Requests {
  #recent: Mutable<RecordedRequest>[] = []
  readonly #counts = new RequestCounts()
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
      warning: null,
    }
    this.#recent.push(request)
    // Halving now and then is cheaper than shifting an array on every request.
    if (this.#recent.length >= 2 * capacity) this.#recent = this.#recent.slice(-capacity)
    this.#counts.add(route, method, path)
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
      warned: (message) => {
        request.warning = message
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
      .slice(-capacity)
      .filter((request) => accepts(filter, request))
      .map((request) => ({ ...request }))
  }

  count(filter: RequestFilter = {}): number {
    return this.#counts.count(filter)
  }

  clear(): void {
    this.#recent = []
    this.#counts.clear()
    this.#changed()
  }

  #connectionOf(socket: Socket): number {
    const known = this.#connections.get(socket)
    if (known !== undefined) return known
    this.#connections.set(socket, ++this.#connectionCount)
    return this.#connectionCount
  }
}

/** One request on its way. */
export interface Entry {
  readonly requestID: string
  received(body: unknown): void
  met(fault: string): void
  warned(message: string): void
  answered(status: number): void
}

const secretHeaders = new Set(['authorization', 'proxy-authorization', 'cookie'])

function withoutCredentials(headers: IncomingHttpHeaders): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue
    const text = Array.isArray(value) ? value.join(', ') : value
    shown[name] = secretHeaders.has(name) ? `${name === 'cookie' ? '' : schemeOf(text)} …`.trim() : withoutSecrets(text)
  }
  return shown
}

/** Without a space there is no scheme: the whole value is the credential. */
const schemeOf = (authorization: string): string =>
  authorization.includes(' ') ? splitOnce(authorization, ' ')[0] : ''

/** What a secret of Corbado's looks like: somebody may put it into a path or a field where it does not belong. */
const secretPattern = /ctk1_[A-Za-z0-9]{30}|eyJ[\w-]+\.[\w-]+\.[\w-]*/g

const withoutSecrets = (text: string): string => text.replace(secretPattern, (secret) => fingerprint(secret))

const secretFields = new Set([
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
      secretFields.has(name) && typeof field === 'string' ? fingerprint(field) : shortenSecrets(field),
    ]),
  )
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
