import type { ConnectTokenType } from '../corbado/schemas.js'
import type { CorbadoErrorCode, Reason } from '../errors.js'
import type { SignedPasskeyClaims } from '../signed-passkey-data.js'

/** Kinds of events of the audit trail. */
export type ConnectEventType =
  | 'connect_token.issued'
  | 'connect_token.refused'
  | 'login.accepted'
  | 'login.refused'
  | 'login.unknown'
  | 'step_up.accepted'
  | 'step_up.refused'
  | 'passkey.revoked'
  | 'user.forgotten'
  | 'sessions.ended'
  | 'config.error'

/**
 * One entry of the audit trail: exactly one for each request to our routes, for each `verifyPasskey`, for each call that
 * ended sessions, and for each passkey and user that was deleted at Corbado. It never contains a
 * token or a secret. The diagnostics channel `corbado-connect:event` publishes the same entries.
 *
 * In events of logins and step-ups, `processId`, `credentialId`, `corbadoUserId` and `isCUI` come from the claims of the
 * token. Only an `accepted` event means that Corbado has verified them.
 */
export interface ConnectEvent {
  readonly type: ConnectEventType
  /** Unix time in milliseconds. */
  readonly time: number
  /** From the arrival of the request, or the start of the call, to its outcome, in milliseconds. */
  readonly durationMs: number
  /** Why it was refused, or `ok`. */
  readonly reason: Reason
  /** The code of the answer, if it is one of our errors. */
  readonly code?: CorbadoErrorCode
  /** The HTTP status of a refusal. */
  readonly statusCode?: number
  /** The client's address. Only in events of logins and connect tokens: the others belong to no request to our routes. */
  readonly ip?: string
  /** The user's WebAuthn identifier. In a login that was not accepted it is only what the token claims. */
  readonly identifier?: string
  /** The type of connect token that was asked for. */
  readonly tokenType?: ConnectTokenType
  /** Corbado's request ID. */
  readonly requestId?: string
  /** Corbado's process of this login: the key of the process search in Corbado's console. */
  readonly processId?: string
  /** The passkey at Corbado, `cre-…`. */
  readonly credentialId?: string
  /** The user at Corbado, `usr-…`. */
  readonly corbadoUserId?: string
  /** Whether the login was made through conditional UI, the browser's autofill. */
  readonly isCUI?: boolean
}

/** Everything in an event that is known only at the end. */
export type Outcome = Omit<ConnectEvent, 'time' | 'durationMs'>

/** What the flows learn on their way, for the event. */
export interface Trace {
  identifier?: string | undefined
  tokenType?: ConnectTokenType | undefined
  /** The claims that passed the local check; not verified yet. */
  claims?: SignedPasskeyClaims | undefined
}
