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
import { backOffMs, maxAttempts, pause, type RetryBudget, retryAfterSeconds } from './retry.js'
import type { Transport, TransportRequest } from './transport.js'

/** The first attempt is given up after this part of the deadline, but not before `minShareMs`, so that a second fits. */
const firstShare = 0.4
const minShareMs = 2000

/** A call that may be repeated: a connect token that nobody got just expires. */
export interface ConnectTokenCall<Answer> extends Pick<TransportRequest, 'method' | 'path' | 'body' | 'signal'> {
  readonly isAnswer: (body: unknown) => body is Answer
  /** The path names one object, so a 404 is a refusal and does not point to our configuration. */
  readonly notFoundIsRejection?: boolean
  /** Total deadline in milliseconds. */
  readonly timeoutMs: number
}

/** What to do after one attempt: done, or an error and, if a retry may help, how it is limited. */
type Step<Answer> =
  | { readonly answer: Answer }
  | { readonly error: CorbadoError; readonly retry?: { readonly attempts: number; readonly waitMs?: number } }

/** Sends a call, with retries for as long as the deadline, the attempts and the retry budget allow. */
export async function callConnectTokens<Answer>(
  call: ConnectTokenCall<Answer>,
  transport: Transport,
  budget: RetryBudget,
): Promise<Answer> {
  const { method, path, body, timeoutMs, signal } = call
  const startedAt = performance.now()
  const deadline = startedAt + timeoutMs
  let retryPaid = false
  // If no retry is affordable there is no reason to give up: a slow answer is better than none.
  const mayGiveUp = (): boolean => {
    retryPaid = budget.take()
    return retryPaid
  }
  const shareEnd = startedAt + Math.max(minShareMs, timeoutMs * firstShare)
  budget.request()
  for (let attempt = 1; ; attempt += 1) {
    const early = attempt === 1 && shareEnd < deadline ? { at: shareEnd, mayGiveUp } : undefined
    const result = await transport.send({ method, path, body, poolName: 'repeatable', deadline, early, signal })
    signal?.throwIfAborted()
    const step = judge(call, result)
    if ('answer' in step) {
      if (attempt > 1) budget.refund(attempt - 1)
      return step.answer
    }
    const waitMs = step.retry?.waitMs ?? backOffMs(attempt)
    const outOfTime = performance.now() + waitMs >= deadline
    if (step.retry === undefined || attempt >= step.retry.attempts || outOfTime) throw step.error
    if (!retryPaid && !budget.take()) throw step.error
    retryPaid = false
    await pause(waitMs, signal)
  }
}

function judge<Answer>(call: ConnectTokenCall<Answer>, result: AttemptResult): Step<Answer> {
  switch (result.kind) {
    case 'overloaded':
      return { error: overloadedError(result) }
    case 'unsent':
      if (isCertificateError(result.cause)) return { error: configurationError('certificate', { cause: result.cause }) }
      return { error: unreachable('not_sent', result), retry: { attempts: maxAttempts } }
    case 'unanswered':
      return { error: unreachable('no_answer', result), retry: { attempts: 2 } }
    case 'answered':
      return judgeAnswer(call, result)
  }
}

function judgeAnswer<Answer>(
  call: ConnectTokenCall<Answer>,
  { status, body: bytes, retryAfter }: AttemptResult & { kind: 'answered' },
): Step<Answer> {
  const body = parseBody(bytes)
  if (status === 200 && call.isAnswer(body)) return { answer: body }
  const answer = readEnvelope(body)
  const { requestId } = answer
  const reason = `upstream_${status}`
  if (isRateLimited(status, answer)) {
    const seconds = retryAfterSeconds(retryAfter)
    const error = new CorbadoError('UPSTREAM_BUSY', { reason: 'rate_limited', retryAfterSeconds: seconds, requestId })
    return { error, retry: { attempts: maxAttempts, waitMs: seconds * 1000 } }
  }
  if (status === 408 || status >= 500) {
    const name = status === 503 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_REJECTED'
    return { error: new CorbadoError(name, { reason, requestId }), retry: { attempts: maxAttempts } }
  }
  if (status === 404 && call.notFoundIsRejection) {
    return { error: new CorbadoError('UPSTREAM_REJECTED', { reason: 'not_found', requestId }) }
  }
  if (isConfigurationError(status)) return { error: configurationError(reason, { requestId }) }
  if (status >= 400) return { error: new CorbadoError('UPSTREAM_REJECTED', { reason, requestId }) }
  return { error: new CorbadoError('UPSTREAM_INVALID_RESPONSE', { reason, requestId }) }
}

function unreachable(reason: string, { endedBy, cause }: { endedBy: string; cause: Error }): CorbadoError {
  if (endedBy === 'deadline') return new CorbadoError('UPSTREAM_TIMEOUT', { reason: `${reason}_in_time`, cause })
  return new CorbadoError('UPSTREAM_UNAVAILABLE', { reason, cause })
}
