import type { ConnectFlows } from '../connect.js'
import { runHook } from '../hooks.js'
import type { HttpContext } from '../http.js'
import { identifierOf } from '../identifier.js'
import type { ConnectUser, SessionDescription, SessionStrategy, SessionsToEnd } from '../session/strategy.js'

/** The user of a request by the session strategy, or null. @throws CorbadoError `CORBADO_HOOK_FAILED` */
export async function currentUser<User extends ConnectUser, Context extends HttpContext>(
  session: SessionStrategy<User, Context>,
  flows: ConnectFlows<User, Context>,
  context: Context,
): Promise<User | null> {
  const findUser = (identifier: string) => flows.findUser(identifier, context)
  const user = await runHook('HOOK_FAILED', 'getUser', () => session.getUser(context, findUser))
  if (user === null || user === undefined) return null
  identifierOf(user, 'getUser returned')
  return user
}

/**
 * What the hook `renewSession` returned; null if there is no session to renew.
 *
 * @throws CorbadoError `CORBADO_HOOK_FAILED`
 * @throws TypeError if there is no such hook
 */
export async function renewSession<User extends ConnectUser, Context extends HttpContext>(
  session: SessionStrategy<User, Context>,
  flows: ConnectFlows<User, Context>,
  context: Context,
): Promise<unknown> {
  if (session.renewSession === undefined) throw new TypeError('renewSession needs the hook session.renewSession')
  const findUser = (identifier: string) => flows.findUser(identifier, context)
  return runHook('HOOK_FAILED', 'renewSession', () => session.renewSession?.(context, findUser))
}

/**
 * How and when the user of a request signed in; null if that is unknown.
 *
 * @throws CorbadoError `CORBADO_HOOK_FAILED`
 */
export async function describeSession<User extends ConnectUser, Context extends HttpContext>(
  session: SessionStrategy<User, Context>,
  context: Context,
): Promise<SessionDescription | null> {
  return (await runHook('HOOK_FAILED', 'describeSession', () => session.describeSession?.(context))) ?? null
}

/**
 * Ends sessions of a user before their time.
 *
 * @throws CorbadoError `CORBADO_STORE_UNAVAILABLE`, `CORBADO_HOOK_FAILED`
 * @throws TypeError if the session strategy cannot, or if an argument is wrong
 */
export async function endSessions<User extends ConnectUser, Context extends HttpContext>(
  session: SessionStrategy<User, Context>,
  sessions: SessionsToEnd,
): Promise<void> {
  if (session.endSessions === undefined) {
    throw new TypeError(
      'endSessions needs the option `revocations` of a ready-made session, or the hook session.endSessions',
    )
  }
  identifierOf(sessions.user, 'endSessions was given')
  const { passkeyId } = sessions
  if (passkeyId !== undefined && (typeof passkeyId !== 'string' || passkeyId === '')) {
    throw new TypeError('endSessions: `passkeyId` must be a non-empty string')
  }
  await runHook('HOOK_FAILED', 'endSessions', () => session.endSessions?.(sessions))
}
