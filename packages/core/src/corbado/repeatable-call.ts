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
import { type CorbadoCallTrace, type CorbadoOperation, callChannel, noteAttempt, traceCall } from './call-trace.js'
import { backOffMs, maxAttempts, pause, RetryBudget, retryAfterSeconds } from './retry.js'
import type { Transport, TransportRequest } from './transport.js'

/** The first attempt is given up after this part of the deadline, but not before `minShareMs`, so that a second fits. */
const firstShare = 0.4
const minShareMs = 2000

/** One call to Corbado. */
export interface CorbadoCall<Answer>
  extends Pick<TransportRequest, 'method' | 'path' | 'body' | 'maxResponseBytes' | 'signal' | 'recipient'> {
  readonly operation: CorbadoOperation
  readonly isAnswer: (body: unknown) => body is Answer
  /** The path names one object, so a 404 is a refusal and does not point to our configuration. */
  readonly notFoundIsRejection?: boolean | undefined
  /** Processing it twice does harm: once it was sent it is never repeated. */
  readonly sendOnce?: boolean | undefined
}

/** What to do after one attempt: done, or an error and, if a retry may help, how it is limited. */
type Step<Answer> =
  | { readonly answer: Answer }
  | { readonly error: CorbadoError; readonly retry?: { readonly attempts: number; readonly waitMs?: number } }

/**
 * Sends every call but verifications. A call may be repeated: a connect token that nobody received expires, and reading or
 * deleting twice does no harm.
 */
export class RepeatableCalls {
  readonly #transport: Transport
  readonly #timeoutMs: number
  readonly #projectId: string
  readonly #budget = new RetryBudget()

  constructor(transport: Transport, timeoutMs: number, projectId: string) {
    this.#transport = transport
    this.#timeoutMs = timeoutMs
    this.#projectId = projectId
  }

  /** Sends a call, with retries for as long as the deadline, the attempts and the retry budget allow. */
  send<Answer>(call: CorbadoCall<Answer>): Promise<Answer> {
    if (!callChannel.hasSubscribers) return sendWithRetries(call, this.#transport, this.#timeoutMs, this.#budget)
    return traceCall({ operation: call.operation, projectId: this.#projectId }, (trace) =>
      sendWithRetries(call, this.#transport, this.#timeoutMs, this.#budget, trace),
    )
  }
}

async function sendWithRetries<Answer>(
  call: CorbadoCall<Answer>,
  transport: Transport,
  timeoutMs: number,
  budget: RetryBudget,
  trace?: CorbadoCallTrace,
): Promise<Answer> {
  const { method, path, body, maxResponseBytes, signal, recipient } = call
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
    const early = attempt === 1 && shareEnd < deadline && !call.sendOnce ? { at: shareEnd, mayGiveUp } : undefined
    const limits = { deadline, early, maxResponseBytes, signal, recipient }
    const result = await transport.send({ method, path, body, poolName: 'repeatable', ...limits })
    if (trace !== undefined) noteAttempt(trace, attempt, result)
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
    await pause(waitMs, signal ?? recipient?.leaving)
  }
}

function judge<Answer>(call: CorbadoCall<Answer>, result: AttemptResult): Step<Answer> {
  switch (result.kind) {
    case 'overloaded':
      return { error: overloadedError(result) }
    case 'unsent':
      if (isCertificateError(result.cause))
        return { error: configurationError('config_certificate', { cause: result.cause }) }
      return { error: unreachable('not_sent', result), retry: { attempts: maxAttempts } }
    case 'unanswered':
      if (call.sendOnce) return { error: unreachable('no_answer', result, { retryable: false }) }
      return { error: unreachable('no_answer', result), retry: { attempts: 2 } }
    case 'answered':
      return judgeAnswer(call, result)
  }
}

function judgeAnswer<Answer>(
  call: CorbadoCall<Answer>,
  { status, body: bytes, retryAfter }: AttemptResult & { kind: 'answered' },
): Step<Answer> {
  const body = parseBody(bytes)
  if (status === 200 && call.isAnswer(body)) return { answer: body }
  const answer = readEnvelope(body)
  const { requestId } = answer
  const reason = `upstream_${status}` as const
  if (isRateLimited(status, answer)) {
    const seconds = retryAfterSeconds(retryAfter)
    const error = new CorbadoError('UPSTREAM_BUSY', { reason: 'rate_limited', retryAfterSeconds: seconds, requestId })
    return { error, retry: { attempts: maxAttempts, waitMs: seconds * 1000 } }
  }
  if (status === 408 || status >= 500) {
    const name = status === 503 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_REJECTED'
    if (call.sendOnce) return { error: new CorbadoError(name, { reason, requestId, retryable: false }) }
    return { error: new CorbadoError(name, { reason, requestId }), retry: { attempts: maxAttempts } }
  }
  if (status === 404 && call.notFoundIsRejection) {
    return { error: new CorbadoError('UPSTREAM_REJECTED', { reason: 'not_found', requestId }) }
  }
  if (isConfigurationError(status)) return { error: configurationError(`config_upstream_${status}`, { requestId }) }
  if (status >= 400) return { error: new CorbadoError('UPSTREAM_REJECTED', { reason, requestId }) }
  return { error: new CorbadoError('UPSTREAM_INVALID_RESPONSE', { reason, requestId }) }
}

function unreachable(
  reason: 'not_sent' | 'no_answer',
  { endedBy, cause }: { endedBy: string; cause: Error },
  details: { retryable?: boolean } = {},
): CorbadoError {
  if (endedBy === 'deadline')
    return new CorbadoError('UPSTREAM_TIMEOUT', { reason: `${reason}_in_time`, cause, ...details })
  return new CorbadoError('UPSTREAM_UNAVAILABLE', { reason, cause, ...details })
}
