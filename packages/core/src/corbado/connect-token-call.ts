import { setTimeout as sleep } from 'node:timers/promises'
import { CorbadoError } from '../errors.js'
import { configurationError, isCertificateError, isConfigurationError, isRateLimited, readAnswer } from './answer.js'
import { backOffMs, maxAttempts, type RetryBudget, retryAfterSeconds } from './retry.js'
import type { Exchange, Transport, TransportRequest } from './transport.js'

/** One attempt gets at most this much of the deadline, so that a second one fits. */
const maxAttemptMs = 2000

/** A call about connect tokens. It may be repeated: an orphaned token just expires. */
export interface ConnectTokenCall<Answer> extends Pick<TransportRequest, 'method' | 'path' | 'body' | 'signal'> {
  readonly isAnswer: (body: unknown) => body is Answer
  /** A path that names one token can be a 404 without our configuration being wrong. */
  readonly names?: 'one token'
  /** Total deadline in milliseconds. */
  readonly timeoutMs: number
}

/** What to do after one attempt: done, or an error and, where a retry may help, how it is limited. */
type Step<Answer> =
  | { readonly answer: Answer }
  | { readonly error: CorbadoError; readonly retry?: { readonly attempts: number; readonly waitMs?: number } }

/** Sends a call, with retries for as long as the deadline, the attempts and the retry budget allow. */
export async function callConnectTokens<Answer>(
  call: ConnectTokenCall<Answer>,
  transport: Transport,
  budget: RetryBudget,
): Promise<Answer> {
  const { timeoutMs, signal } = call
  const deadline = performance.now() + timeoutMs
  budget.request()
  for (let attempt = 1; ; attempt += 1) {
    const exchange = await transport.send({
      method: call.method,
      path: call.path,
      ...(call.body === undefined ? {} : { body: call.body }),
      freshConnection: false,
      deadline: Math.min(deadline, performance.now() + maxAttemptMs),
      signal,
    })
    signal?.throwIfAborted()
    const step = judge(call, exchange)
    if ('answer' in step) {
      budget.refund(attempt - 1)
      return step.answer
    }
    const waitMs = step.retry?.waitMs ?? backOffMs(attempt)
    const outOfTime = performance.now() + waitMs >= deadline
    if (step.retry === undefined || attempt >= step.retry.attempts || outOfTime || !budget.take()) throw step.error
    await sleep(waitMs, undefined, { ...(signal === undefined ? {} : { signal }) }).catch((error: unknown) => {
      throw signal?.reason ?? error
    })
  }
}

function judge<Answer>(call: ConnectTokenCall<Answer>, exchange: Exchange): Step<Answer> {
  switch (exchange.kind) {
    case 'overloaded':
      return { error: new CorbadoError('OVERLOADED', { reason: 'queue_full' }) }
    case 'unsent':
      if (isCertificateError(exchange.cause))
        return { error: configurationError('certificate', { cause: exchange.cause }) }
      return { error: unreachable('not_sent', exchange), retry: { attempts: maxAttempts } }
    case 'unanswered':
      return { error: unreachable('no_answer', exchange), retry: { attempts: 2 } }
    case 'answered':
      return judgeAnswer(call, exchange)
  }
}

function judgeAnswer<Answer>(call: ConnectTokenCall<Answer>, exchange: Exchange & { kind: 'answered' }): Step<Answer> {
  const { status } = exchange
  const facts = readAnswer(exchange.body)
  const { requestId } = facts
  const reason = `upstream_${status}`
  if (isRateLimited(status, facts)) {
    const seconds = retryAfterSeconds(exchange.retryAfter)
    const error = new CorbadoError('UPSTREAM_BUSY', { reason: 'rate_limited', retryAfterSeconds: seconds, requestId })
    return { error, retry: { attempts: maxAttempts, waitMs: seconds * 1000 } }
  }
  if (status === 200 && call.isAnswer(facts.body)) return { answer: facts.body }
  if (status === 408 || status >= 500) {
    const name = status === 503 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_REJECTED'
    return { error: new CorbadoError(name, { reason, requestId }), retry: { attempts: maxAttempts } }
  }
  if (status === 404 && call.names === 'one token') {
    return { error: new CorbadoError('UPSTREAM_REJECTED', { reason: 'not_found', requestId }) }
  }
  if (isConfigurationError(status)) return { error: configurationError(reason, { requestId }) }
  if (status >= 400) return { error: new CorbadoError('UPSTREAM_REJECTED', { reason, requestId }) }
  return { error: new CorbadoError('UPSTREAM_INVALID_RESPONSE', { reason, requestId }) }
}

function unreachable(reason: string, { stop, cause }: { stop: string; cause: Error }): CorbadoError {
  if (stop === 'deadline') return new CorbadoError('UPSTREAM_TIMEOUT', { reason: `${reason}_in_time`, cause })
  return new CorbadoError('UPSTREAM_UNAVAILABLE', { reason, cause })
}
