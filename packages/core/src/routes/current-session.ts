import type { ConnectFlows } from '../connect.js'
import { runHook } from '../hooks.js'
import type { HttpContext } from '../http.js'
import { identifierOf } from '../identifier.js'
import type { ConnectUser, SessionDescription, SessionStrategy } from '../session/strategy.js'

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
