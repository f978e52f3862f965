/** How much of an error is searched: 10,000 values, or one million characters or bytes. */
const maxSearchedValues = 10_000
const charactersPerValue = 100
/** How deep an error is searched, as deep as loggers write it, and how many of its causes. */
const maxDepth = 4
const maxCauses = 20
/** How much of a message or stack a copy keeps, in characters. */
const maxCopiedLength = 20_000

/**
 * The error itself if it contains none of the secrets, else a copy of its message and stack without them. Errors of HTTP
 * clients carry whole responses: the search is bounded, so that a failing hook does not block the event loop.
 */
export function withoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  const wanted = secrets.filter((secret) => typeof secret === 'string' && secret !== '')
  if (wanted.length === 0) return error
  try {
    return new Search(wanted).isClean(error) ? error : redactedCopy(error, wanted)
  } catch {
    return new Error('The hook threw a value that cannot be read')
  }
}

/** Looks for secrets in everything that a logger might write. */
class Search {
  readonly #secrets: readonly string[]
  /** The depth at which an object was searched. */
  readonly #depths = new Map<object, number>()
  #budget = maxSearchedValues

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
  }

  /** False if a secret was found, or if there is too much to search. */
  isClean(error: unknown): boolean {
    const causes = new Set<unknown>()
    for (let cause = error; cause !== undefined && !causes.has(cause); cause = causeOf(cause)) {
      causes.add(cause)
      if (causes.size > maxCauses || !this.#isCleanValue(cause, 0)) return false
    }
    return true
  }

  #isCleanValue(value: unknown, depth: number): boolean {
    this.#budget -= 1
    if (this.#budget < 0) return false
    if (typeof value === 'string') return this.#isCleanContent(value)
    if (typeof value !== 'object' || value === null) return true
    const bytes = bytesOf(value)
    if (bytes !== undefined) return this.#isCleanContent(bytes)
    if (depth >= maxDepth || (this.#depths.get(value) ?? maxDepth) <= depth) return true
    this.#depths.set(value, depth)
    return this.#hasCleanMembers(value, depth)
  }

  #isCleanContent(content: string | Buffer): boolean {
    this.#budget -= Math.floor(content.length / charactersPerValue)
    return this.#budget >= 0 && !this.#secrets.some((secret) => content.includes(secret))
  }

  #hasCleanMembers(value: object, depth: number): boolean {
    // Only to list the indexes of a long array would take too long.
    if (Array.isArray(value) && value.length > this.#budget) return false
    if (value instanceof Map || value instanceof Set) {
      for (const entry of value.entries()) {
        if (!entry.every((member) => this.#isCleanValue(member, depth + 1))) return false
      }
    }
    return Reflect.ownKeys(value).every(
      (name) =>
        this.#isCleanValue(typeof name === 'symbol' ? name.description : name, depth) &&
        this.#isCleanValue(ownValue(value, name), depth + 1),
    )
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? ownValue(error, 'cause') : undefined
}

/** The value of an own property. Getters are not called. */
function ownValue(value: object, name: PropertyKey): unknown {
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

/** The bytes of a buffer, typed array or `ArrayBuffer`, without a copy. */
function bytesOf(value: object): Buffer | undefined {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return Buffer.from(value)
  return undefined
}

function redactedCopy(error: unknown, secrets: readonly string[]): Error {
  const longestSecret = Math.max(...secrets.map(({ length }) => length))
  const redact = (value: unknown): string => {
    const text = String(value ?? '')
    const start = text.slice(0, maxCopiedLength)
    const redacted = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), start)
    // The cut may have gone through a secret.
    return text === start ? redacted : redacted.slice(0, -longestSecret)
  }
  if (typeof error === 'string') return new Error(redact(error))
  if (!(error instanceof Error)) return new Error('The hook threw a value that holds a secret, or is too large to log')
  const copy = new Error(redact(error.message))
  copy.name = redact(error.name)
  // The stack begins with the message: of a message that is too long it would show nothing more.
  copy.stack = error.message.length > maxCopiedLength ? `${copy.name}: ${copy.message}` : redact(error.stack)
  return copy
}
