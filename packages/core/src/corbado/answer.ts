import { CorbadoError, type Reason } from '../errors.js'
import { parseUtf8Json } from '../utf8-json.js'
import type { AttemptResult } from './attempt.js'
import { isRecord } from './checks.js'

/** What an error answer of Corbado says about itself. Every part of it may be missing or wrong. */
export interface UpstreamAnswer {
  readonly requestId: string | undefined
  /** Corbado's `error.type`. */
  readonly errorType: string | undefined
}

/** The JSON body of an answer, or `undefined` if there is no complete one. */
export function parseBody(bytes: Uint8Array | undefined): unknown {
  if (bytes === undefined) return undefined
  try {
    return parseUtf8Json(bytes)
  } catch {
    return undefined
  }
}

/** Reads Corbado's envelope. Only values of a safe shape are passed on: they end up in logs. */
export function readEnvelope(body: unknown): UpstreamAnswer {
  const envelope = isRecord(body) ? body : {}
  const requestData = isRecord(envelope.requestData) ? envelope.requestData : {}
  const error = isRecord(envelope.error) ? envelope.error : {}
  return {
    requestId: matching(requestData.requestID, /^[A-Za-z0-9._-]{1,128}$/),
    errorType: matching(error.type, /^[a-z0-9_]{1,64}$/),
  }
}

/** Whether Corbado refused the call because there were too many. Its status for that is not documented. */
export function isRateLimited(status: number, { errorType }: UpstreamAnswer): boolean {
  return status === 429 || (status >= 400 && errorType === 'rate_limited')
}

/** Statuses that point to our configuration: credentials, permissions, project, path. */
export function isConfigurationError(status: number): status is 401 | 403 | 404 | 405 {
  return status === 401 || status === 403 || status === 404 || status === 405
}

/** Whether the server at this address could not be authenticated. A retry would only send our request to it again. */
export function isCertificateError(cause: Error): boolean {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return /CERT|^UNABLE_TO_|^INVALID_CA$|^INVALID_PURPOSE$|^HOSTNAME_MISMATCH$|^PATH_LENGTH_EXCEEDED$|^CRL_/.test(code)
}

/** Nothing works until the deployment is fixed; becomes a `config.error` event. */
export function configurationError(
  reason: Reason & `config_${string}`,
  details: { requestId?: string | undefined; cause?: unknown },
): CorbadoError {
  return new CorbadoError('UPSTREAM_UNAVAILABLE', { retryable: false, misconfigured: true, reason, ...details })
}

/** A limit of our own was reached: nothing was sent. */
export function overloadedError({ reason, retryAfterSeconds }: AttemptResult & { kind: 'overloaded' }): CorbadoError {
  return new CorbadoError('OVERLOADED', { reason, retryAfterSeconds })
}

function matching(value: unknown, pattern: RegExp): string | undefined {
  return typeof value === 'string' && pattern.test(value) ? value : undefined
}
