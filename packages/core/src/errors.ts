import { STATUS_CODES } from 'node:http'

/** What each code means: HTTP status, whether the same request may be sent again, and the constant message for the client. */
const meanings = {
  INVALID_REQUEST: [400, false, 'The request is not well-formed.'],
  NOT_AUTHENTICATED: [401, false, 'Sign in first.'],
  PASSKEY_REJECTED: [401, false, 'The passkey login was not accepted.'],
  ORIGIN_NOT_ALLOWED: [403, false, 'Requests from this origin are not allowed.'],
  TYPE_NOT_ALLOWED: [403, false, 'This type of connect token is not allowed.'],
  NOT_AUTHORIZED: [403, false, 'This operation is not allowed now.'],
  FRESH_LOGIN_REQUIRED: [403, false, 'Sign in again to do this.'],
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

/** Why something was refused or failed. `docs/events.md` explains each one. */
const reasons = [
  'ok',
  // The deployment must be fixed.
  'config_upstream_401',
  'config_upstream_403',
  'config_upstream_404',
  'config_upstream_405',
  'config_certificate',
  // Stores and load.
  'rate_limit',
  'rate_limit_store',
  'replay_store',
  'replay_store_full',
  'revocations_store',
  'revocations_store_full',
  'queue_full',
  'upstream_limit',
  'closing',
  // Corbado.
  'not_sent',
  'not_sent_in_time',
  'no_answer',
  'no_answer_in_time',
  'no_verdict',
  'generic_error',
  'rate_limited',
  'not_found',
  'endless_list',
  'ambiguous_user',
  // Logins.
  'invalid_signature',
  'invalid_challenge',
  'user_mismatch',
  'user_not_found',
  'passkey_revoked',
  'expected_identifier',
  'replay',
  'reservation_lost',
  'local_expired',
  'local_not_yet_valid',
  'local_too_old',
  'local_issuer',
  'local_algorithm',
  'local_header_parameter',
  'local_signature_missing',
  'local_jti',
  'local_webauthn_id',
  'local_times',
  'local_lifetime',
  'local_header_not_json',
  'local_header_not_object',
  'local_header_duplicate',
  'local_claims_not_json',
  'local_claims_not_object',
  'local_claims_duplicate',
  // Requests.
  'no_user',
  'require_user_did_not_run',
  'origin_foreign',
  'site_foreign',
  'origin_malformed',
  'non_browser_client',
  'type',
  'type_unknown',
  'authorize_connect_token',
  'sign_in_too_old',
  'sign_in_time_unknown',
  'hook',
  'token_malformed',
  'client_state',
  'json',
  'body_shape',
  'content_type',
  'content_encoding',
  'body',
  'content_length',
  'body_size',
  'client_left',
  'client_left_after_verdict',
  // Your application.
  'getUser_failed',
  'findUser_failed',
  'createSession_failed',
  'destroySession_failed',
  'renewSession_failed',
  'describeSession_failed',
  'endSessions_failed',
  'expectedIdentifier_failed',
  'authorizeConnectToken_failed',
  'user_without_identifier',
  'user_display_name',
  'error',
] as const

/** Why something was refused or failed, for logs and events; `upstream_` and a status: an HTTP status of Corbado's. */
export type Reason = (typeof reasons)[number] | `upstream_${number}`

/** Every {@link Reason} except `upstream_<status>`. */
export const corbadoErrorReasons: readonly Reason[] = reasons

/** What a {@link CorbadoError} may carry beyond its code. */
export interface CorbadoErrorDetails {
  /** HTTP status. Default: the status of the code. Only `OUTCOME_UNKNOWN` has two: 502, and 504 after a timeout. */
  statusCode?: number | undefined
  /** Whether the same request may be sent again. Default: the value of the code. */
  retryable?: boolean | undefined
  /** Seconds to wait before the next try; becomes `Retry-After`. */
  retryAfterSeconds?: number | undefined
  /** Corbado's request ID, for Corbado's support. */
  requestId?: string | undefined
  /** Why, for logs and events; never shown to a client. */
  reason?: Reason | undefined
  /** Whether nothing works until the deployment is fixed. Default `false`. */
  misconfigured?: boolean | undefined
  /** The original error. */
  cause?: unknown
}

const brand = Symbol.for('@corbado-connect/CorbadoError')

/**
 * The only error class of these packages. `message` is constant per code and safe to show; none of it comes from Corbado.
 * An error with a status below 500 is an expected refusal and has no stack trace.
 *
 * @see docs/errors.md
 */
export class CorbadoError extends Error {
  static {
    // On the prototype, because defining a property on each error is slow.
    Object.defineProperty(CorbadoError.prototype, brand, { value: true })
  }

  override readonly name = 'CorbadoError'
  /** Which error this is; `docs/errors.md` has a heading for each. */
  readonly code: CorbadoErrorCode
  /** HTTP status of the answer. */
  readonly statusCode: number
  /** Whether the same request may be sent again. */
  readonly retryable: boolean
  /** Whether nothing works until the deployment is fixed: wrong credentials, permissions or address. */
  readonly misconfigured: boolean
  /** Seconds to wait before the next try. */
  readonly retryAfterSeconds?: number
  /** Corbado's request ID. */
  readonly requestId?: string
  /** Why, for logs and events; never shown to a client. */
  readonly reason?: Reason

  constructor(name: CorbadoErrorName, details: CorbadoErrorDetails = {}) {
    const [statusOfCode, retryable, message] = meanings[name]
    const statusCode = details.statusCode ?? statusOfCode
    const { stackTraceLimit } = Error
    // A stack trace is the most expensive part of a refusal and says nothing about it.
    if (statusCode < 500) Reflect.set(Error, 'stackTraceLimit', 0)
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    if (statusCode < 500) Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
    this.code = `CORBADO_${name}`
    this.statusCode = statusCode
    this.retryable = details.retryable ?? retryable
    this.misconfigured = details.misconfigured ?? false
    if (details.retryAfterSeconds !== undefined) this.retryAfterSeconds = details.retryAfterSeconds
    if (details.requestId !== undefined) this.requestId = details.requestId
    if (details.reason !== undefined) this.reason = details.reason
  }

  /** Response headers of this error. Fastify and Express send an error's `headers` themselves. */
  get headers(): Readonly<Record<string, string>> {
    const headers: Record<string, string> = { 'cache-control': 'no-store' }
    if (this.retryAfterSeconds !== undefined) headers['retry-after'] = String(this.retryAfterSeconds)
    // The rest of an oversized body is not read, so the connection cannot be reused.
    if (this.code === 'CORBADO_SHUTTING_DOWN' || this.code === 'CORBADO_PAYLOAD_TOO_LARGE') headers.connection = 'close'
    return headers
  }

  /** The body of the error answer, the same in both adapters. */
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
  /** HTTP status. */
  statusCode: number
  /** Which error this is. */
  code: CorbadoErrorCode
  /** The name of the HTTP status, such as `Unauthorized`. */
  error: string
  /** A constant message per code. */
  message: string
}

/** Whether a value is a {@link CorbadoError}, including one from another installed copy of this package. */
export function isCorbadoError(value: unknown): value is CorbadoError {
  return typeof value === 'object' && value !== null && brand in value
}
