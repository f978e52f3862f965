import type { IncomingHttpHeaders } from 'node:http'
import { type Connect, ConnectFlows, identifierOf } from '../connect.js'
import { CorbadoError } from '../errors.js'
import { runHook } from '../hooks.js'
import { type HttpContext, readCookie } from '../http.js'
import type { ConnectUser } from '../session/strategy.js'
import { type ConnectOptions, resolveOptions, type Settings } from './options.js'
import { Routes } from './pipeline.js'

/** What the rest of an application does with the same sessions; an adapter adds its guards. */
export interface ConnectApp<User extends ConnectUser, Context extends HttpContext, Exchange, Request>
  extends Pick<Connect<User, Context>, 'client' | 'issueConnectToken' | 'verifyPasskey'> {
  /**
   * Creates a session for a login that you checked yourself (a password).
   *
   * @returns what `createSession` returned
   * @throws CorbadoError `CORBADO_SESSION_FAILED`
   */
  signIn(exchange: Exchange, user: User): Promise<unknown>
  /**
   * Continues the session of this request: a new access token or cookie, which keeps the time and way of the sign-in.
   *
   * @returns what `renewSession` returned, for example `{ success: true, accessToken, tokenType, expiresIn }`
   * @throws CorbadoError `CORBADO_NOT_AUTHENTICATED` where there is no session, or where `maxSessionSeconds` has been
   *   reached; `CORBADO_HOOK_FAILED`
   * @throws TypeError where your hooks have no `renewSession`
   */
  renewSession(exchange: Exchange): Promise<unknown>
  /**
   * Ends the session of this request.
   *
   * @throws CorbadoError `CORBADO_HOOK_FAILED`
   * @throws TypeError where your hooks have no `destroySession`
   */
  signOut(exchange: Exchange): Promise<void>
  /**
   * The user that `requireUser` let pass.
   *
   * @throws CorbadoError `CORBADO_NOT_AUTHENTICATED` where it did not run for this request
   */
  user(request: Request): User
  /** Corbado's `clientState` of an earlier login, where the option `clientState` is on, to render into your page. */
  readClientState(request: Request): string | undefined
}

/** What an adapter is made of. */
export interface AdapterParts<User extends ConnectUser, Context extends HttpContext, Exchange, Request> {
  readonly settings: Settings<User, Context>
  readonly routes: Routes<User, Context>
  readonly app: ConnectApp<User, Context, Exchange, Request>
  /** @throws CorbadoError `CORBADO_NOT_AUTHENTICATED`, `CORBADO_HOOK_FAILED` */
  readonly requireUser: (request: Request, context: Context) => Promise<void>
}

/** Builds everything of an adapter that knows no framework. @throws TypeError that names the wrong option */
export function createAdapterParts<
  User extends ConnectUser,
  Context extends HttpContext,
  Exchange,
  Request extends { readonly headers: IncomingHttpHeaders },
>(
  options: ConnectOptions<User, Context>,
  contextOf: (exchange: Exchange) => Context,
): AdapterParts<User, Context, Exchange, Request> {
  const settings = resolveOptions(options)
  const flows = new ConnectFlows(settings)
  const users = new WeakMap<Request, User>()
  const { session } = settings
  return {
    settings,
    routes: new Routes(settings, flows),
    async requireUser(request, context) {
      const user = await flows.currentUser(context)
      if (user === null) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'no_user' })
      users.set(request, user)
    },
    app: {
      client: flows.client,
      issueConnectToken: (request, options) => flows.issueConnectToken(request, options),
      verifyPasskey: (request) => flows.verifyPasskey(request),
      signIn: (exchange, user) =>
        runHook('SESSION_FAILED', 'createSession', () => {
          // Otherwise it would be a session that every later request stumbles over.
          identifierOf(user)
          return session.createSession({ user, by: 'app' }, contextOf(exchange))
        }),
      async renewSession(exchange) {
        const answer = await flows.renewSession(contextOf(exchange))
        if (answer === null) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'no_user' })
        return answer
      },
      async signOut(exchange) {
        if (session.destroySession === undefined) throw new TypeError('signOut needs the hook session.destroySession')
        await runHook('HOOK_FAILED', 'destroySession', () => session.destroySession?.(contextOf(exchange)))
      },
      user(request) {
        const user = users.get(request)
        if (user === undefined) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'require_user_did_not_run' })
        return user
      },
      readClientState: ({ headers }) => settings.clientState?.read((name) => readCookie(headers, name)),
    },
  }
}
