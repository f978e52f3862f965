/** The `error.type` values that Corbado Connect documents, and the emulator's own for what it does not implement. */
export type ApiErrorType =
  | 'internal_error'
  | 'not_found'
  | 'method_not_allowed'
  | 'validation_error'
  | 'login_error'
  | 'invalid_json'
  | 'rate_limited'
  | 'emulator_not_implemented'

export interface FieldIssue {
  field: string
  message: string
}

export class ApiError extends Error {
  readonly status: number
  readonly type: ApiErrorType
  readonly validation: readonly FieldIssue[]

  constructor(status: number, type: ApiErrorType, details: string, validation: readonly FieldIssue[] = []) {
    super(details)
    this.status = status
    this.type = type
    this.validation = validation
  }
}

export const validationError = (validation: readonly FieldIssue[]): ApiError =>
  new ApiError(400, 'validation_error', 'The request is not valid, see the fields in `validation`.', validation)

/** What every answer of Corbado's that is not a bare object has in common. */
export interface Envelope {
  httpStatusCode: number
  message: string
  requestData: { requestID: string; link: string }
  runtime: number
}

export type ErrorEnvelope = Envelope & {
  error: { type: string; details: string; validation?: readonly FieldIssue[]; links: string[] }
}

export interface EnvelopeContext {
  requestID: string
  url: string
  startedAtMs: number
}

export function envelope(status: number, message: string, context: EnvelopeContext): Envelope {
  return {
    httpStatusCode: status,
    message,
    requestData: { requestID: context.requestID, link: `${context.url}/#${context.requestID}` },
    runtime: Math.round(performance.now() - context.startedAtMs) / 1000,
  }
}

export function errorEnvelope(
  error: { status: number; type: string; details: string; validation?: readonly FieldIssue[] },
  context: EnvelopeContext,
): ErrorEnvelope {
  const { validation = [] } = error
  return {
    ...envelope(error.status, error.details, context),
    error: { type: error.type, details: error.details, ...(validation.length > 0 && { validation }), links: [] },
  }
}
