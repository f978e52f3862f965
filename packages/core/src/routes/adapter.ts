import type { IncomingHttpHeaders } from 'node:http'
import { type Connect, ConnectFlows } from '../connect.js'
import { CorbadoError } from '../errors.js'
import { runCreateSession, runHook } from '../hooks.js'
import { type HttpContext, readCookie } from '../http.js'
import { identifierOf } from '../identifier.js'
import type { ConnectUser } from '../session/strategy.js'
import { currentUser, renewSession } from './current-session.js'
import { type EventSource, type LogEvent, refusalOutcome } from './event-sink.js'
import { type AdapterOptions, resolveOptions, type Settings } from './options.js'
import { RoutePipeline } from './pipeline.js'

/**
 * What the rest of an application does with the same sessions. An adapter adds its guards.
 * `Pair` is the framework's request and response.
 */
export interface ConnectApp<User extends ConnectUser, Context extends HttpContext, Pair, Request>
  extends Pick<Connect<User, Context>, 'client' | 'issueConnectToken' | 'verifyPasskey' | 'passkeys' | 'forgetUser'> {
  /**
   * Creates a session for a login that you checked yourself, for example with a password. If it fails, the cookies that
   * `createSession` set are removed again.
   *
   * @returns what `createSession` returned
   * @throws CorbadoError `CORBADO_SESSION_FAILED`
   */
  signIn(pair: Pair, user: User): Promise<unknown>
  /**
   * Continues the session of this request: a new access token or cookie, which keeps the time and way of the sign-in.
   *
   * @returns what `renewSession` returned, for example `{ success: true, accessToken, tokenType, expiresIn }`
   * @throws CorbadoError `CORBADO_NOT_AUTHENTICATED` if there is no session, or if `maxSessionSeconds` has been
   *   reached; `CORBADO_HOOK_FAILED`
   * @throws TypeError if your session has no `renewSession`
   */
  renewSession(pair: Pair): Promise<unknown>
  /**
   * Ends the session of this request. If it fails, the session still exists: let the user try again.
   *
   * @throws CorbadoError `CORBADO_HOOK_FAILED`, `CORBADO_STORE_UNAVAILABLE`
   * @throws TypeError if your session has no `destroySession`
   */
  signOut(pair: Pair): Promise<void>
  /**
   * Ends sessions of a user before their time: all of them, or only those that began with one passkey. The user can sign in
   * again right away; a passkey whose sessions were ended cannot, so delete it with `passkeys.revoke`, which calls this.
   *
   * @throws CorbadoError `CORBADO_STORE_UNAVAILABLE`, `CORBADO_HOOK_FAILED`
   * @throws TypeError if your session cannot: a ready-made strategy needs `revocations`, your own the hook `endSessions`
   */
  endSessions(sessions: { readonly user: ConnectUser; readonly passkeyId?: string | undefined }): Promise<void>
  /**
   * The user that `requireUser` found.
   *
   * @throws CorbadoError `CORBADO_NOT_AUTHENTICATED` if `requireUser` did not run for this request
   */
  user(request: Request): User
  /** Corbado's `clientState` of an earlier login, to render into your page. It needs the option `clientState`. */
  readClientState(request: Request): string | undefined
}

/** The parts of an adapter that know no framework. */
export interface Adapter<User extends ConnectUser, Context extends HttpContext, Pair, Request> {
  readonly settings: Settings<User, Context>
  readonly contextOf: (pair: Pair) => Context
  readonly pipeline: RoutePipeline<User, Context>
  readonly app: ConnectApp<User, Context, Pair, Request>
  /** @throws CorbadoError `CORBADO_NOT_AUTHENTICATED`, `CORBADO_HOOK_FAILED` */
  readonly requireUser: (request: Request, context: Context) => Promise<void>
}

/** How an adapter makes a hook's context, and where it logs. */
export interface AdapterHooks<Context extends HttpContext, Pair> {
  readonly contextOf: (pair: Pair, projectId: string) => Context
  /** Logs an event, if the application has no `onEvent`. */
  readonly logEvent: LogEvent<Context>
}

/** Builds the parts of an adapter that know no framework. @throws TypeError that names the wrong option */
export function createAdapter<
  User extends ConnectUser,
  Context extends HttpContext,
  Pair,
  Request extends { readonly headers: IncomingHttpHeaders },
>(
  options: AdapterOptions<User, Context>,
  { contextOf, logEvent }: AdapterHooks<Context, Pair>,
): Adapter<User, Context, Pair, Request> {
  const settings = resolveOptions(options, logEvent)
  const flows = new ConnectFlows(settings)
  const { session, events } = settings
  const newContext = (pair: Pair): Context => contextOf(pair, settings.client.projectId)
  // A property costs less than an entry of a WeakMap. Each registration has its own symbol, so two never mix their users.
  const signedInUser = Symbol('corbado-connect.user')
  return {
    settings,
    contextOf: newContext,
    pipeline: new RoutePipeline(settings, flows),
    async requireUser(request, context) {
      const user = await currentUser(session, flows, context)
      if (user === null) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'no_user' })
      Reflect.set(request, signedInUser, user)
    },
    app: {
      client: flows.client,
      issueConnectToken: (request, options) => flows.issueConnectToken(request, options),
      async verifyPasskey(request) {
        const source: EventSource = { startedAt: performance.now() }
        try {
          const claims = await flows.verifyPasskey(request, source)
          events.emit({ type: 'step_up.accepted', reason: 'ok' }, source, undefined)
          return claims
        } catch (error) {
          events.emit(refusalOutcome('step_up', error), source, undefined, error)
          throw error
        }
      },
      passkeys: flows.passkeys,
      forgetUser: (user) => flows.forgetUser(user),
      async signIn(pair, user) {
        // A session of a user without an identifier would fail on every later request.
        identifierOf(user, 'signIn was given', 'SESSION_FAILED')
        const context = newContext(pair)
        return runCreateSession(() => session.createSession({ user, by: 'app' }, context), context)
      },
      async renewSession(pair) {
        const answer = await renewSession(session, flows, newContext(pair))
        if (answer === null) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'no_user' })
        return answer
      },
      async signOut(pair) {
        if (session.destroySession === undefined) throw new TypeError('signOut needs the hook session.destroySession')
        await runHook('HOOK_FAILED', 'destroySession', () => session.destroySession?.(newContext(pair)))
      },
      async endSessions(sessions) {
        if (settings.endSessions === undefined) {
          throw new TypeError(
            'endSessions needs the option `revocations` of a ready-made session, or the hook session.endSessions',
          )
        }
        await settings.endSessions(sessions)
      },
      user(request) {
        const { [signedInUser]: user }: { readonly headers: unknown; readonly [signedInUser]?: User } = request
        if (user === undefined) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'require_user_did_not_run' })
        return user
      },
      readClientState: ({ headers }) => settings.clientState?.read((name) => readCookie(headers, name)),
    },
  }
}
