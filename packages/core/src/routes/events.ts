import type { ConnectTokenType } from '../corbado/schemas.js'
import type { CorbadoErrorCode } from '../errors.js'

/** Kinds of events of the audit trail. */
export type ConnectEventType =
  | 'connect_token.issued'
  | 'connect_token.refused'
  | 'login.accepted'
  | 'login.refused'
  | 'login.unknown'
  | 'config.error'

/**
 * One entry of the audit trail: exactly one per request to our routes. It never holds a token or a secret.
 */
export interface ConnectEvent {
  readonly type: ConnectEventType
  /** Unix time in milliseconds. */
  readonly time: number
  /** From the arrival of the request until its outcome, in milliseconds. */
  readonly durationMs: number
  /** Why it was refused, or `ok`. */
  readonly reason: string
  /** The code of the answer, where it is one of ours. */
  readonly code?: CorbadoErrorCode
  /** The HTTP status of a refusal. */
  readonly statusCode?: number
  /** The client's address. */
  readonly ip?: string
  /** The user's WebAuthn identifier. Before Corbado's verdict it is only what the token claims. */
  readonly identifier?: string
  /** The type of connect token that was asked for. */
  readonly tokenType?: ConnectTokenType
  /** Corbado's request ID. */
  readonly requestId?: string
}

/** What the flows learn on their way, for the event. */
export interface Trace {
  identifier?: string
  tokenType?: ConnectTokenType
}

/** Whether an event is an error of the deployment rather than of the client: what is logged where no `onEvent` is given. */
export function logsAsError(event: ConnectEvent): boolean {
  return event.type === 'config.error' || (event.statusCode ?? 0) >= 500
}
