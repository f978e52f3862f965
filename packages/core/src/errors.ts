import { STATUS_CODES } from 'node:http'

/** What a code stands for: HTTP status, whether the same request may be sent again, and the constant text for the client. */
const meanings = {
  INVALID_REQUEST: [400, false, 'The request is not well-formed.'],
  NOT_AUTHENTICATED: [401, false, 'Sign in first.'],
  PASSKEY_REJECTED: [401, false, 'The passkey login was not accepted.'],
  ORIGIN_NOT_ALLOWED: [403, false, 'Requests from this origin are not allowed.'],
  TYPE_NOT_ALLOWED: [403, false, 'This type of connect token is not allowed.'],
  NOT_AUTHORIZED: [403, false, 'This operation is not allowed now.'],
  TOKEN_ALREADY_USED: [409, false, 'This passkey login is in use or was used before. Start the login again.'],
  PAYLOAD_TOO_LARGE: [413, false, 'The request body is too large.'],
  UNSUPPORTED_MEDIA_TYPE: [415, false, 'Send application/json in UTF-8, without a content encoding.'],
  RATE_LIMITED: [429, true, 'Too many requests. Try again later.'],
  HOOK_FAILED: [500, false, 'The application could not answer this request.'],
  SESSION_FAILED: [500, false, 'The session could not be created. Start the login again.'],
  UPSTREAM_REJECTED: [502, false, 'The passkey service refused the request.'],
  UPSTREAM_INVALID_RESPONSE: [502, false, 'The passkey service gave an invalid answer.'],
  OUTCOME_UNKNOWN: [502, false, 'The outcome of the passkey login is unknown. Start the login again.'],
  UPSTREAM_UNAVAILABLE: [503, true, 'The passkey service is not available.'],
  UPSTREAM_BUSY: [503, true, 'The passkey service is busy. Try again later.'],
  STORE_UNAVAILABLE: [503, true, 'A store that this request needs is not available. Try again later.'],
  OVERLOADED: [503, true, 'Too many requests are under way. Try again later.'],
  SHUTTING_DOWN: [503, true, 'The server is shutting down. Try again.'],
  UPSTREAM_TIMEOUT: [504, true, 'The passkey service did not answer in time.'],
} as const satisfies Record<string, readonly [statusCode: number, retryable: boolean, message: string]>

/** The part of a code after `CORBADO_`. */
export type CorbadoErrorName = keyof typeof meanings

/** Every code that a {@link CorbadoError} can have. `docs/errors.md` has a heading for each. */
export type CorbadoErrorCode = `CORBADO_${CorbadoErrorName}`

/** All codes, in the order of their HTTP status. */
export const corbadoErrorCodes: readonly CorbadoErrorCode[] = Object.keys(meanings).map(
  (name) => `CORBADO_${name}` as CorbadoErrorCode,
)

/** What a {@link CorbadoError} may carry beyond its code. */
export interface CorbadoErrorDetails {
  /** HTTP status; default: the one of the code. Only `OUTCOME_UNKNOWN` has two: 502, and 504 where the deadline passed. */
  statusCode?: number
  /** Default: the one of the code. */
  retryable?: boolean
  /** Seconds to wait before the next try; becomes `Retry-After`. */
  retryAfterSeconds?: number
  /** Corbado's request ID, for its support. */
  requestId?: string | undefined
  /** Why, for logs and events; never shown to a client. */
  reason?: string
  cause?: unknown
}

const brand = Symbol.for('@corbado-connect/CorbadoError')

/**
 * The one error class of this product. `message` is constant per code and safe to show; nothing of it comes from Corbado.
 *
 * @see docs/errors.md
 */
export class CorbadoError extends Error {
  override readonly name = 'CorbadoError'
  readonly code: CorbadoErrorCode
  readonly statusCode: number
  /** Whether the very same request may be sent again. */
  readonly retryable: boolean
  /** Seconds to wait before the next try. */
  readonly retryAfterSeconds?: number
  /** Corbado's request ID. */
  readonly requestId?: string
  /** Why, for logs and events; never shown to a client. */
  readonly reason?: string
  /** Response headers that belong to this error; Fastify and Express send an error's `headers` by themselves. */
  readonly headers: Readonly<Record<string, string>>

  constructor(name: CorbadoErrorName, details: CorbadoErrorDetails = {}) {
    const [statusCode, retryable, message] = meanings[name]
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = `CORBADO_${name}`
    this.statusCode = details.statusCode ?? statusCode
    this.retryable = details.retryable ?? retryable
    if (details.retryAfterSeconds !== undefined) this.retryAfterSeconds = details.retryAfterSeconds
    if (details.requestId !== undefined) this.requestId = details.requestId
    if (details.reason !== undefined) this.reason = details.reason
    this.headers = {
      'cache-control': 'no-store',
      ...(details.retryAfterSeconds === undefined ? {} : { 'retry-after': String(details.retryAfterSeconds) }),
      // The rest of a body that is too large is not read: this connection is of no further use.
      ...(name === 'SHUTTING_DOWN' || name === 'PAYLOAD_TOO_LARGE' ? { connection: 'close' } : {}),
    }
    Object.defineProperty(this, brand, { value: true })
    Object.defineProperty(this, 'headers', { enumerable: false })
  }

  /** The body of the error answer, of the same shape in both adapters. */
  toJSON(): CorbadoErrorBody {
    return {
      statusCode: this.statusCode,
      code: this.code,
      error: STATUS_CODES[this.statusCode] ?? 'Error',
      message: this.message,
    }
  }
}

/** The body of an error answer: Fastify's shape, in both adapters. */
export interface CorbadoErrorBody {
  statusCode: number
  code: CorbadoErrorCode
  error: string
  message: string
}

/** Whether a value is a {@link CorbadoError}, also one of another installed copy of this package. */
export function isCorbadoError(value: unknown): value is CorbadoError {
  return typeof value === 'object' && value !== null && brand in value
}
