import {
  type ConnectOptions,
  type ConnectSettings,
  resolveConnectOptions,
  sharedOptionNames,
} from '../connect-options.js'
import type { ConnectTokenType } from '../corbado/schemas.js'
import type { HttpContext } from '../http.js'
import { assertOptionalFunction, refuseUnknownOptions } from '../option-checks.js'
import { assertSession } from '../session/session-option.js'
import type { ConnectUser, SessionDescription, SessionStrategy } from '../session/strategy.js'
import { type ClientStateCookie, type ClientStateOptions, resolveClientState } from './client-state.js'
import { resolveEndSessions } from './end-sessions.js'
import { EventSink, type LogEvent, type OnEvent } from './event-sink.js'
import { type OriginRule, resolveOriginRule } from './origin.js'
import { type RateLimitOptions, type ResolvedRateLimit, resolveRateLimit } from './rate-limit.js'
import { type RoutePaths, type RoutesOption, resolvePaths } from './routes-option.js'
import { resolveTokenTypes } from './token-types.js'

/**
 * Every option of an adapter. Unknown options are refused by name, and nothing is coerced. The user type is inferred from
 * `findUser`.
 */
export interface AdapterOptions<User extends ConnectUser, Context extends HttpContext>
  extends Omit<ConnectOptions<User, Context>, 'createSession'> {
  /** A ready-made strategy (`cookieSession`, `accessTokenSession`, `browserOrNative`) or hooks of your own. */
  readonly session: SessionStrategy<NoInfer<User>, Context>
  /** The path in front of both routes. It may contain parameters (`/:tenant/auth`). Default `/auth`. */
  readonly prefix?: string | undefined
  /** Paths of the routes, or `false` to leave one out. */
  readonly routes?: RoutesOption | undefined
  /**
   * Connect-token types that a client may ask for. Default: append, list, delete. `passkey-login` needs
   * `authorizeConnectToken` and `expectedIdentifier`.
   */
  readonly tokenTypes?: readonly ConnectTokenType[] | undefined
  /**
   * A veto, for example `freshLogin()`. Anything but true answers 403. `session` tells how and when the user signed in; it is
   * null if your session has no `describeSession`. Default: allow.
   */
  readonly authorizeConnectToken?:
    | ((
        request: {
          readonly user: NoInfer<User>
          readonly type: ConnectTokenType
          readonly session: SessionDescription | null
        },
        context: Context,
      ) => boolean | Promise<boolean>)
    | undefined
  /** Default: 30 connect tokens a minute per user, 300 logins a minute per IP address. `false` switches both off. */
  readonly rateLimit?: RateLimitOptions | false | undefined
  /** Other origins whose pages may call, as exact strings. Default: none, the same origin only. */
  readonly allowedOrigins?: readonly string[] | undefined
  /**
   * Accept requests with neither `Origin` nor `Sec-Fetch-Site`. Default: set by the session strategy; `false` for hooks of
   * your own.
   */
  readonly allowNonBrowserClients?: boolean | undefined
  /** Keep Corbado's `clientState` in an httpOnly cookie after an accepted login. Default: off. */
  readonly clientState?: boolean | ClientStateOptions | undefined
  /**
   * The audit trail: called once for each request to the routes, and for each `verifyPasskey` with `context` undefined, because
   * it belongs to a request of your own. `error` is the error that refused the request; a failed hook's error is its `cause`. An
   * error in `onEvent` does not change the answer. Default: failures of requests are logged, and
   * outside production every refusal.
   */
  readonly onEvent?: OnEvent<Context> | undefined
}

/** Checked options, with every default in place. */
export interface Settings<User extends ConnectUser, Context extends HttpContext>
  extends ConnectSettings<User, Context> {
  readonly session: SessionStrategy<User, Context>
  readonly paths: RoutePaths
  readonly tokenTypes: ReadonlySet<ConnectTokenType>
  readonly authorizeConnectToken: AdapterOptions<User, Context>['authorizeConnectToken']
  readonly rateLimit: ResolvedRateLimit | false
  readonly origin: OriginRule
  readonly clientState: ClientStateCookie | undefined
  readonly events: EventSink<Context>
}

const optionNames = [
  ...sharedOptionNames,
  'session',
  'prefix',
  'routes',
  'tokenTypes',
  'authorizeConnectToken',
  'rateLimit',
  'allowedOrigins',
  'allowNonBrowserClients',
  'clientState',
  'onEvent',
] as const satisfies readonly (keyof AdapterOptions<ConnectUser, HttpContext>)[]

/** @throws TypeError that names the option */
export function resolveOptions<User extends ConnectUser, Context extends HttpContext>(
  options: AdapterOptions<User, Context>,
  logEvent?: LogEvent<Context>,
): Settings<User, Context> {
  refuseUnknownOptions('corbadoConnect', options, optionNames)
  const { session, authorizeConnectToken, expectedIdentifier, onEvent } = options
  assertSession(session)
  assertOptionalFunction('corbadoConnect.authorizeConnectToken', authorizeConnectToken)
  assertOptionalFunction('corbadoConnect.onEvent', onEvent)
  const ofRoutes = {
    session,
    authorizeConnectToken,
    events: new EventSink(onEvent, logEvent),
    paths: resolvePaths(options.prefix, options.routes),
    tokenTypes: resolveTokenTypes(options.tokenTypes, { authorizeConnectToken, expectedIdentifier }),
    rateLimit: resolveRateLimit(options.rateLimit),
    origin: resolveOriginRule(options, session.allowNonBrowserClients ?? false),
    clientState: resolveClientState(options.clientState),
  }
  // Last, because it opens connections.
  const ofFlows = resolveConnectOptions('corbadoConnect', {
    ...options,
    createSession: (login, context) => session.createSession(login, context),
  })
  return {
    ...ofRoutes,
    ...ofFlows,
    onPasskeyChange: (change, startedAt) => ofRoutes.events.emit({ ...change, reason: 'ok' }, { startedAt }, undefined),
    endSessions: resolveEndSessions(session, ofRoutes.events, ofFlows.client.projectId),
  }
}
