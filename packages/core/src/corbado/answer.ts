import { CorbadoError } from '../errors.js'
import { parseUtf8Json } from '../utf8-json.js'
import { envelopeSchema, matches } from './schemas.js'

/** What an answer of Corbado's says about itself, if it says anything. */
export interface AnswerFacts {
  /** The parsed body, or `undefined` where there is no complete JSON body. */
  readonly body: unknown
  readonly requestId: string | undefined
  /** Corbado's `error.type`. */
  readonly errorType: string | undefined
}

/** Reads the body of an answer; everything in it is data of a stranger. */
export function readAnswer(bytes: Buffer | undefined): AnswerFacts {
  const body = parseJson(bytes)
  if (!matches(envelopeSchema, body)) return { body, requestId: undefined, errorType: undefined }
  return { body, requestId: body.requestData?.requestID, errorType: body.error?.type }
}

/** Whether Corbado refused the call for its number, not for itself. Its status for that is not documented. */
export function isRateLimited(status: number, { errorType }: AnswerFacts): boolean {
  return status === 429 || (status >= 400 && errorType === 'rate_limited')
}

/** Statuses that speak of our configuration: credentials, permissions, project, path. */
export function isConfigurationError(status: number): boolean {
  return status === 401 || status === 403 || status === 404 || status === 405
}

/** Whether nobody could be authenticated behind the address: trying again shows our request to the same stranger. */
export function isCertificateError(cause: Error): boolean {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  return /CERT|^UNABLE_TO_|^INVALID_CA$|^INVALID_PURPOSE$|^HOSTNAME_MISMATCH$|^PATH_LENGTH_EXCEEDED$|^CRL_/.test(code)
}

/** The deployment has to be mended before this can work; a `config.error` event tells so. */
export function configurationError(
  reason: string,
  details: { requestId?: string | undefined; cause?: unknown },
): CorbadoError {
  return new CorbadoError('UPSTREAM_UNAVAILABLE', { retryable: false, reason: `config_${reason}`, ...details })
}

/** Whether an error is one that {@link configurationError} made. */
export function isConfigurationFailure(error: CorbadoError): boolean {
  return error.reason?.startsWith('config_') === true
}

function parseJson(bytes: Buffer | undefined): unknown {
  if (bytes === undefined) return undefined
  try {
    return parseUtf8Json(bytes)
  } catch {
    return undefined
  }
}
