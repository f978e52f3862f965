import { CorbadoError } from '../errors.js'
import {
  configurationError,
  isCertificateError,
  isConfigurationError,
  isRateLimited,
  overloadedError,
  parseBody,
  readEnvelope,
} from './answer.js'
import type { AttemptResult } from './attempt.js'
import { type CorbadoCallTrace, callChannel, noteAttempt, traceCall } from './call-trace.js'
import { isRecord } from './checks.js'
import type { CallOptions } from './connect-tokens.js'
import { throwIfLeft } from './recipient.js'
import { backOffMs, maxAttempts, pause, retryAfterSeconds } from './retry.js'
import { type VerificationResult, verificationResults } from './schemas.js'
import type { Transport } from './transport.js'

/** What Corbado is asked to verify. */
export interface VerificationRequest {
  readonly signedPasskeyData: string
  readonly username: string
}

/** How verifications are sent. */
export interface VerificationSettings {
  readonly projectId: string
  readonly path: string
  /** Total deadline in milliseconds. */
  readonly timeoutMs: number
  /** False with a dispatcher of the user's: it may have retried by itself. */
  readonly mayRetry: boolean
}

/**
 * Asks for a verdict. It is written to the wire at most once, because a second verification of the same token is a lost
 * login. Every error but `OUTCOME_UNKNOWN` proves that the token may be submitted again or was completely refused.
 */
export function callVerification(
  request: VerificationRequest,
  settings: VerificationSettings,
  transport: Transport,
  options: CallOptions,
): Promise<{ verificationResult: VerificationResult }> {
  if (!callChannel.hasSubscribers) return sendVerification(request, settings, transport, options)
  return traceCall({ operation: 'passkeys.verifySignedData', projectId: settings.projectId }, (trace) =>
    sendVerification(request, settings, transport, options, trace),
  )
}

async function sendVerification(
  { signedPasskeyData, username }: VerificationRequest,
  { path, timeoutMs, mayRetry }: VerificationSettings,
  transport: Transport,
  { signal, recipient }: CallOptions,
  trace?: CorbadoCallTrace,
): Promise<{ verificationResult: VerificationResult }> {
  const deadline = performance.now() + timeoutMs
  const body = JSON.stringify({ signedPasskeyData, username })
  for (let attempt = 1; ; attempt += 1) {
    const limits = { deadline, signal, recipient }
    const result = await transport.send({ method: 'POST', path, body, poolName: 'verifications', ...limits })
    if (trace !== undefined) noteAttempt(trace, attempt, result)
    if (result.kind !== 'unsent') return { verificationResult: judge(result) }
    signal?.throwIfAborted()
    throwIfLeft(recipient)
    if (isCertificateError(result.cause)) throw configurationError('config_certificate', { cause: result.cause })
    const waitMs = backOffMs(attempt)
    if (!mayRetry || attempt >= maxAttempts || performance.now() + waitMs >= deadline) {
      throw new CorbadoError('UPSTREAM_UNAVAILABLE', { reason: 'not_sent', cause: result.cause })
    }
    await pause(waitMs, signal ?? recipient?.leaving)
  }
}

function judge(result: Exclude<AttemptResult, { kind: 'unsent' }>): VerificationResult {
  switch (result.kind) {
    case 'overloaded':
      throw overloadedError(result)
    case 'unanswered': {
      const inTime = result.endedBy !== 'deadline'
      throw new CorbadoError('OUTCOME_UNKNOWN', {
        statusCode: inTime ? 502 : 504,
        reason: inTime ? 'no_answer' : 'no_answer_in_time',
        cause: result.cause,
      })
    }
    case 'answered':
      return judgeAnswer(result)
  }
}

function judgeAnswer({ status, body: bytes, retryAfter }: AttemptResult & { kind: 'answered' }): VerificationResult {
  const body = parseBody(bytes)
  const verdict = status === 200 ? verdictOf(body) : undefined
  if (verdict !== undefined) return verdict
  const answer = readEnvelope(body)
  const { requestId } = answer
  const reason = `upstream_${status}` as const
  if (isRateLimited(status, answer)) {
    throw new CorbadoError('UPSTREAM_BUSY', {
      reason: 'rate_limited',
      retryAfterSeconds: retryAfterSeconds(retryAfter),
      requestId,
    })
  }
  if (status === 200) throw new CorbadoError('OUTCOME_UNKNOWN', { reason: 'no_verdict', requestId })
  if (isConfigurationError(status)) throw configurationError(`config_upstream_${status}`, { requestId })
  if (status >= 400 && status < 500 && status !== 408) throw new CorbadoError('PASSKEY_REJECTED', { reason, requestId })
  throw new CorbadoError('OUTCOME_UNKNOWN', { reason, requestId })
}

/** An own property with exactly one of the documented values, or nothing. */
function verdictOf(body: unknown): VerificationResult | undefined {
  if (!isRecord(body) || !Object.hasOwn(body, 'verificationResult')) return undefined
  return verificationResults.find((result) => result === body.verificationResult)
}
