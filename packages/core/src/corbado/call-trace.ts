import { tracingChannel } from 'node:diagnostics_channel'
import { parseBody, readEnvelope } from './answer.js'
import type { AttemptResult } from './attempt.js'

/** The calls of the client, by the names of its methods. */
export type CorbadoOperation =
  | `connectTokens.${'create' | 'list' | 'update' | 'delete'}`
  | 'passkeys.verifySignedData'
  | `users.${'list' | 'get' | 'create' | 'delete'}`
  | `credentials.${'list' | 'delete'}`
  | `identifiers.${'list' | 'create' | 'update' | 'delete'}`

/**
 * What subscribers of the tracing channel `corbado-connect:call` receive: one object per call, which is filled in as the
 * call proceeds. It contains no token, secret or identifier.
 */
export interface CorbadoCallTrace {
  /** The client's method, for example `connectTokens.create`. */
  readonly operation: CorbadoOperation
  readonly projectId: string
  /** How often the call was attempted, including attempts that found no connection. */
  attempts?: number
  /** HTTP status of Corbado's last answer. Missing if the last attempt had none. */
  status?: number
  /** Corbado's request ID of the last answer. */
  requestId?: string
  /** How long the call took, in milliseconds, including waits between attempts. Set once it has ended. */
  durationMs?: number
  /** What the call rejected with, if it failed. */
  error?: unknown
}

/** Ask for `hasSubscribers` before creating a trace: without subscribers a call must cost nothing. */
export const callChannel = tracingChannel<unknown, CorbadoCallTrace>('corbado-connect:call')

/**
 * Runs a call and publishes its events. Node's own `tracePromise` would add the answer to the trace: the secret of a
 * connect token.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#tracingchannel-channels
 */
export async function traceCall<Answer>(
  trace: CorbadoCallTrace,
  call: (trace: CorbadoCallTrace) => Promise<Answer>,
): Promise<Answer> {
  const startedAt = performance.now()
  const running = callChannel.start.runStores(trace, () => call(trace))
  callChannel.end.publish(trace)
  try {
    const answer = await running
    trace.durationMs = performance.now() - startedAt
    return answer
  } catch (error) {
    trace.durationMs = performance.now() - startedAt
    trace.error = error
    callChannel.error.publish(trace)
    throw error
  } finally {
    callChannel.asyncStart.publish(trace)
    callChannel.asyncEnd.publish(trace)
  }
}

/** Notes what became of one attempt. */
export function noteAttempt(trace: CorbadoCallTrace, attempt: number, result: AttemptResult): void {
  trace.attempts = attempt
  delete trace.status
  delete trace.requestId
  if (result.kind !== 'answered') return
  trace.status = result.status
  const { requestId } = readEnvelope(parseBody(result.body))
  if (requestId !== undefined) trace.requestId = requestId
}
