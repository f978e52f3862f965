import type { ConnectTokenType } from '../corbado/schemas.js'
import type { CorbadoErrorCode, Reason } from '../errors.js'

/** Kinds of events of the audit trail. */
export type ConnectEventType =
  | 'connect_token.issued'
  | 'connect_token.refused'
  | 'login.accepted'
  | 'login.refused'
  | 'login.unknown'
  | 'config.error'

/** One entry of the audit trail: exactly one per request to our routes. It never contains a token or a secret. */
export interface ConnectEvent {
  readonly type: ConnectEventType
  /** Unix time in milliseconds. */
  readonly time: number
  /** From the arrival of the request to its outcome, in milliseconds. */
  readonly durationMs: number
  /** Why it was refused, or `ok`. */
  readonly reason: Reason
  /** The code of the answer, if it is one of our errors. */
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

/** The part of an event that says how a request ended. */
export type Outcome = Pick<ConnectEvent, 'type' | 'reason' | 'code' | 'statusCode' | 'requestId'>

/** What the flows learn on their way, for the event. */
export interface Trace {
  identifier?: string | undefined
  tokenType?: ConnectTokenType | undefined
}
