import { channel } from 'node:diagnostics_channel'
import { isCorbadoError } from '../errors.js'
import { hasRefusalStatus } from '../hooks.js'
import type { SignedPasskeyClaims } from '../signed-passkey-data.js'
import { isLogged } from './event-log.js'
import type { ConnectEvent, Outcome, Trace } from './events.js'

/** The option `onEvent`. */
export type OnEvent<Context> = (
  event: ConnectEvent,
  context: Context | undefined,
  error?: unknown,
) => void | Promise<void>

/** Logs the event of a request. */
export type LogEvent<Context> = (event: ConnectEvent, context: Context, error: unknown) => void

/** The request or call that an event is about. */
export interface EventSource extends Trace {
  /** In the milliseconds of `performance.now()`. */
  readonly startedAt: number
  readonly ip?: string
}

type PasskeyFields = {
  -readonly [Name in 'processId' | 'credentialId' | 'corbadoUserId' | 'isCUI']?: ConnectEvent[Name]
}

const eventChannel = channel('corbado-connect:event')

/** Where every event goes: to `onEvent`, and to the diagnostics channel `corbado-connect:event`. */
export class EventSink<Context> {
  readonly #onEvent: OnEvent<Context> | undefined
  readonly #logEvent: LogEvent<Context> | undefined

  /** @param logEvent used if there is no `onEvent` */
  constructor(onEvent: OnEvent<Context> | undefined, logEvent?: LogEvent<Context>) {
    this.#onEvent = onEvent
    this.#logEvent = logEvent
  }

  /**
   * Emits one event. It never throws: the audit trail must not change an answer.
   *
   * @param context of the request to our routes; `undefined` if the event belongs to a call of the application
   */
  emit(outcome: Outcome, source: EventSource, context: Context | undefined, error?: unknown): void {
    // Calls of the application throw their errors to it, so they need no log.
    const logs = this.#onEvent === undefined && context !== undefined && isLogged(outcome)
    if (this.#onEvent === undefined && !logs && !eventChannel.hasSubscribers) return
    const event = eventOf(outcome, source)
    try {
      if (logs) this.#logEvent?.(event, context, error)
      const listened = this.#onEvent?.(event, context, error)
      if (listened !== undefined) Promise.resolve(listened).catch(() => {})
    } catch {
      // See above.
    }
    // Node reports an error in a subscriber as `uncaughtException`, after this.
    eventChannel.publish(event)
  }
}

/** The outcome of a request or call that failed. */
export function refusalOutcome(subject: 'connect_token' | 'login' | 'step_up', error: unknown): Outcome {
  const type = `${subject}.refused` as const
  if (isCorbadoError(error)) {
    const { code, statusCode, requestId, reason = 'hook' } = error
    const isUnknown = subject === 'login' && code === 'CORBADO_OUTCOME_UNKNOWN'
    return {
      type: error.misconfigured ? 'config.error' : isUnknown ? 'login.unknown' : type,
      reason,
      code,
      statusCode,
      ...(requestId === undefined ? {} : { requestId }),
    }
  }
  return hasRefusalStatus(error)
    ? { type, reason: 'hook', statusCode: error.statusCode }
    : { type, reason: 'error', statusCode: 500 }
}

function eventOf(outcome: Outcome, { startedAt, ip, identifier, tokenType, claims }: EventSource): ConnectEvent {
  return {
    ...outcome,
    time: Date.now(),
    durationMs: performance.now() - startedAt,
    ...(ip === undefined ? {} : { ip }),
    ...(identifier === undefined ? {} : { identifier }),
    ...(tokenType === undefined ? {} : { tokenType }),
    ...(claims === undefined ? {} : passkeyFieldsOf(claims)),
  }
}

/** What leads to Corbado's console. Anybody can write claims, so only values of a safe shape are passed on. */
function passkeyFieldsOf({ processId, credential, sub, isCUI }: SignedPasskeyClaims): PasskeyFields {
  const fields: PasskeyFields = {}
  if (isCorbadoId(processId)) fields.processId = processId
  if (isCorbadoId(credential)) fields.credentialId = credential
  if (isCorbadoId(sub)) fields.corbadoUserId = sub
  if (typeof isCUI === 'boolean') fields.isCUI = isCUI
  return fields
}

function isCorbadoId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,128}$/.test(value)
}
