import { setTimeout as sleep } from 'node:timers/promises'
import { CorbadoError } from '../errors.js'
import { configurationError, isCertificateError, isConfigurationError, isRateLimited, readAnswer } from './answer.js'
import { backOffMs, maxAttempts, retryAfterSeconds } from './retry.js'
import { type VerificationResult, verificationResults } from './schemas.js'
import type { Exchange, Transport } from './transport.js'

/** How a verification is sent. */
export interface VerificationSettings {
  readonly path: string
  /** Total deadline in milliseconds. */
  readonly timeoutMs: number
  /** False with a dispatcher of the user's: it may have retried by itself. */
  readonly mayRetry: boolean
  readonly signal: AbortSignal | undefined
}

/**
 * Asks for a verdict. Written to the wire at most once: a second try of a processed verification is a lost login.
 * Every error but `OUTCOME_UNKNOWN` proves that the token may be submitted again or was completely refused.
 */
export async function callVerification(
  request: { readonly signedPasskeyData: string; readonly username: string },
  { path, timeoutMs, mayRetry, signal }: VerificationSettings,
  transport: Transport,
): Promise<VerificationResult> {
  const deadline = performance.now() + timeoutMs
  const body = JSON.stringify({ signedPasskeyData: request.signedPasskeyData, username: request.username })
  for (let attempt = 1; ; attempt += 1) {
    const exchange = await transport.send({ method: 'POST', path, body, freshConnection: true, deadline, signal })
    if (exchange.kind !== 'unsent') return judge(exchange)
    signal?.throwIfAborted()
    if (isCertificateError(exchange.cause)) throw configurationError('certificate', { cause: exchange.cause })
    const waitMs = backOffMs(attempt)
    if (!mayRetry || attempt >= maxAttempts || performance.now() + waitMs >= deadline) {
      throw new CorbadoError('UPSTREAM_UNAVAILABLE', { reason: 'not_sent', cause: exchange.cause })
    }
    await sleep(waitMs)
  }
}

function judge(exchange: Exclude<Exchange, { kind: 'unsent' }>): VerificationResult {
  switch (exchange.kind) {
    case 'overloaded':
      throw new CorbadoError('OVERLOADED', { reason: 'queue_full' })
    case 'unanswered': {
      const inTime = exchange.stop !== 'deadline'
      throw new CorbadoError('OUTCOME_UNKNOWN', {
        statusCode: inTime ? 502 : 504,
        reason: inTime ? 'no_answer' : 'no_answer_in_time',
        cause: exchange.cause,
      })
    }
    case 'answered':
      return judgeAnswer(exchange)
  }
}

function judgeAnswer(exchange: Exchange & { kind: 'answered' }): VerificationResult {
  const { status } = exchange
  const facts = readAnswer(exchange.body)
  const { requestId } = facts
  const reason = `upstream_${status}`
  if (isRateLimited(status, facts)) {
    throw new CorbadoError('UPSTREAM_BUSY', {
      reason: 'rate_limited',
      retryAfterSeconds: retryAfterSeconds(exchange.retryAfter),
      requestId,
    })
  }
  if (status === 200) {
    const verdict = verdictOf(facts.body)
    if (verdict === undefined) throw new CorbadoError('OUTCOME_UNKNOWN', { reason: 'no_verdict', requestId })
    return verdict
  }
  if (isConfigurationError(status)) throw configurationError(reason, { requestId })
  if (status >= 400 && status < 500 && status !== 408) throw new CorbadoError('PASSKEY_REJECTED', { reason, requestId })
  throw new CorbadoError('OUTCOME_UNKNOWN', { reason, requestId })
}

/** An own property with exactly one of the documented texts, or nothing. */
function verdictOf(body: unknown): VerificationResult | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const own = Object.getOwnPropertyDescriptor(body, 'verificationResult')?.value
  return verificationResults.find((result) => result === own)
}
