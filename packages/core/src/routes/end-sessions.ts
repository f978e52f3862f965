import { runHook } from '../hooks.js'
import type { HttpContext } from '../http.js'
import { identifierOf } from '../identifier.js'
import type { EndSessions } from '../passkeys.js'
import type { ConnectUser, SessionStrategy } from '../session/strategy.js'
import type { EventSink } from './event-sink.js'

/**
 * How sessions end before their time, with the event `sessions.ended`; undefined if the session strategy cannot.
 * It throws the errors of {@link ConnectApp.endSessions}.
 */
export function resolveEndSessions<User extends ConnectUser, Context extends HttpContext>(
  session: SessionStrategy<User, Context>,
  events: EventSink<Context>,
  projectId: string,
): EndSessions | undefined {
  if (session.endSessions === undefined) return undefined
  return async ({ user, passkeyId }) => {
    const startedAt = performance.now()
    const identifier = identifierOf(user, 'endSessions was given')
    if (passkeyId !== undefined && (typeof passkeyId !== 'string' || passkeyId === '')) {
      throw new TypeError('endSessions: `passkeyId` must be a non-empty string')
    }
    await runHook('HOOK_FAILED', 'endSessions', () => session.endSessions?.({ user, passkeyId, projectId }))
    const which = passkeyId === undefined ? {} : { credentialId: passkeyId }
    events.emit({ type: 'sessions.ended', reason: 'ok', ...which }, { startedAt, identifier }, undefined)
  }
}
