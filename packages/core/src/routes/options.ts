import { CorbadoClient } from '../corbado/client.js'
import type { CorbadoClientOptions } from '../corbado/client-options.js'
import { type ConnectTokenType, connectTokenTypes, isConnectTokenType } from '../corbado/schemas.js'
import type { HttpContext } from '../http.js'
import {
  assertFunction,
  assertOptionalBoolean,
  assertOptionalFunction,
  assertWholeNumber,
  refuseUnknownOptions,
} from '../option-checks.js'
import { memoryReplayStore } from '../replay/memory.js'
import type { ReplayStore } from '../replay/store.js'
import type { ConnectUser, Found, SessionStrategy } from '../session/strategy.js'
import type { LocalCheck, SignedPasskeyClaims } from '../signed-passkey-data.js'
import { type ClientStateCookie, type ClientStateOptions, resolveClientState } from './client-state.js'
import type { ConnectEvent } from './events.js'
import { isOrigin, type OriginRule } from './origin.js'
import { isPath } from './paths.js'
import { type RateLimitOptions, type ResolvedRateLimit, resolveRateLimit } from './rate-limit.js'

/** Where the routes hang below the prefix, or `false` to leave one out. */
export interface RoutesOption {
  /** Default `/createConnectToken`. */
  readonly connectToken?: string | false
  /** Default `/verifySignedPasskeyData`. */
  readonly verify?: string | false
}

/**
 * Every option, the same in both adapters. Unknown ones are refused by name, nothing is coerced.
 * The user type is inferred from `findUser`.
 */
export interface ConnectOptions<User extends ConnectUser, Context extends HttpContext> {
  /**
   * The application's user for a WebAuthn identifier; null or undefined refuses. Called after a verified login, and by the ready-made
   * strategies on each request, so that a suspended user is out at once. The user's `identifier` must be the one asked for.
   */
  readonly findUser: (identifier: string, context: Context) => Found<User> | Promise<Found<User>>
  /** A ready-made strategy (`cookieSession`, `accessTokenSession`, `browserOrNative`) or hooks of your own. */
  readonly session: SessionStrategy<NoInfer<User>, Context>
  /** A client, or its options. Default: `CorbadoClient.fromEnv()`. */
  readonly client?: CorbadoClient | CorbadoClientOptions
  /** Where the routes are. It may contain parameters (`/:tenant/auth`). Default `/auth`. */
  readonly prefix?: string
  readonly routes?: RoutesOption
  /** Connect-token types that a client may ask for. Default: append, list, delete. */
  readonly tokenTypes?: readonly ConnectTokenType[]
  /** Veto, for example to demand a fresh login; false answers 403. Default: allow. */
  readonly authorizeConnectToken?: (
    request: { readonly user: NoInfer<User>; readonly type: ConnectTokenType },
    context: Context,
  ) => boolean | Promise<boolean>
  /** Life time of connect tokens in seconds. Default 300. */
  readonly tokenLifetimeSeconds?: number
  /**
   * The WebAuthn identifier that a login must belong to. Default: the claim `webauthnId`. Asked before Corbado's verdict:
   * the claims are not verified yet.
   */
  readonly expectedIdentifier?: (claims: SignedPasskeyClaims, context: Context) => string | Promise<string>
  /** Default: 30 connect tokens a minute per user, 300 logins a minute per IP address. `false` switches both off. */
  readonly rateLimit?: RateLimitOptions | false
  /** The second lock on single use. Default: memory, which is right for one instance only. */
  readonly replayStore?: ReplayStore
  /** Further origins whose pages may call; exact. Default: none, the same origin only. */
  readonly allowedOrigins?: readonly string[]
  /** Accept requests with neither `Origin` nor `Sec-Fetch-Site`. Default: what the strategy says. */
  readonly allowNonBrowserClients?: boolean
  /** The claim `iss` of every token. Default: the project ID. */
  readonly issuer?: string
  /** Signature algorithms that a token may name. Default `['RS256']`. */
  readonly algorithms?: readonly string[]
  /** Keep Corbado's `clientState` in an httpOnly cookie after an accepted login. Default: off. */
  readonly clientState?: boolean | ClientStateOptions
  /**
   * The audit trail. Default: errors go to the log. What it throws changes no answer. `error` is what was refused with, for
   * your log: the `cause` of a failed hook is in it.
   */
  readonly onEvent?: (event: ConnectEvent, context: Context, error?: unknown) => void | Promise<void>
}

/** Checked options, with every default in place. */
export interface Settings<User extends ConnectUser, Context extends HttpContext> {
  readonly client: CorbadoClient
  readonly ownsClient: boolean
  readonly session: SessionStrategy<User, Context>
  readonly findUser: ConnectOptions<User, Context>['findUser']
  readonly paths: Readonly<Record<RouteName, string | null>>
  readonly tokenTypes: ReadonlySet<ConnectTokenType>
  readonly authorizeConnectToken: ConnectOptions<User, Context>['authorizeConnectToken']
  readonly tokenLifetimeSeconds: number
  readonly expectedIdentifier: NonNullable<ConnectOptions<User, Context>['expectedIdentifier']>
  readonly rateLimit: ResolvedRateLimit | false
  readonly replayStore: ReplayStore
  readonly ownsReplayStore: boolean
  readonly origin: OriginRule
  readonly localCheck: LocalCheck
  readonly clientState: ClientStateCookie | undefined
  readonly onEvent: ConnectOptions<User, Context>['onEvent']
  /** Logs events that are errors of the deployment; used if there is no `onEvent`. */
  readonly onFailure: ConnectOptions<User, Context>['onEvent']
}

/** The two routes. */
export type RouteName = 'connectToken' | 'verify'

const defaultTokenTypes: readonly ConnectTokenType[] = ['passkey-append', 'passkey-list', 'passkey-delete']
const defaultTokenLifetimeSeconds = 300
const asymmetricAlgorithms = /^((RS|PS|ES)(256|384|512)|EdDSA)$/
const optionNames = [
  'findUser',
  'session',
  'client',
  'prefix',
  'routes',
  'tokenTypes',
  'authorizeConnectToken',
  'tokenLifetimeSeconds',
  'expectedIdentifier',
  'rateLimit',
  'replayStore',
  'allowedOrigins',
  'allowNonBrowserClients',
  'issuer',
  'algorithms',
  'clientState',
  'onEvent',
] as const satisfies readonly (keyof ConnectOptions<ConnectUser, HttpContext>)[]

/** @throws TypeError that names the option */
export function resolveOptions<User extends ConnectUser, Context extends HttpContext>(
  options: ConnectOptions<User, Context>,
  onFailure?: ConnectOptions<User, Context>['onEvent'],
): Settings<User, Context> {
  refuseUnknownOptions('corbadoConnect', options, optionNames)
  const { findUser, session, authorizeConnectToken, expectedIdentifier, onEvent } = options
  assertFunction('findUser', findUser)
  assertSession(session)
  assertOptionalFunction('authorizeConnectToken', authorizeConnectToken)
  assertOptionalFunction('expectedIdentifier', expectedIdentifier)
  assertOptionalFunction('onEvent', onEvent)
  assertOptionalBoolean('allowNonBrowserClients', options.allowNonBrowserClients)
  const tokenLifetimeSeconds = options.tokenLifetimeSeconds ?? defaultTokenLifetimeSeconds
  assertWholeNumber('tokenLifetimeSeconds', tokenLifetimeSeconds, 1, 24 * 3600)
  const checked = {
    session,
    findUser,
    paths: resolvePaths(options.prefix, options.routes),
    tokenTypes: resolveTokenTypes(options.tokenTypes, authorizeConnectToken !== undefined),
    authorizeConnectToken,
    tokenLifetimeSeconds,
    expectedIdentifier: expectedIdentifier ?? ((claims: SignedPasskeyClaims) => claims.webauthnId),
    rateLimit: resolveRateLimit(options.rateLimit),
    ...resolveReplayStore(options.replayStore),
    origin: {
      allowedOrigins: resolveOrigins(options.allowedOrigins),
      allowNonBrowserClients: options.allowNonBrowserClients ?? session.allowNonBrowserClients ?? false,
    },
    clientState: resolveClientState(options.clientState),
    onEvent,
    onFailure,
  }
  const algorithms = resolveAlgorithms(options.algorithms)
  if (options.issuer !== undefined && (typeof options.issuer !== 'string' || options.issuer === '')) {
    throw new TypeError('issuer: a text was expected')
  }
  const { client, ownsClient } = resolveClient(options.client)
  return { ...checked, client, ownsClient, localCheck: { issuer: options.issuer ?? client.projectId, algorithms } }
}

function resolveClient(option: CorbadoClient | CorbadoClientOptions | undefined): {
  client: CorbadoClient
  ownsClient: boolean
} {
  if (option === undefined) return { client: CorbadoClient.fromEnv(), ownsClient: true }
  if (typeof option !== 'object' || option === null)
    throw new TypeError('client: a CorbadoClient or its options were expected')
  // By its shape: a second installed copy of this package has a class of its own.
  if ('connectTokens' in option) return { client: option, ownsClient: false }
  return { client: new CorbadoClient(option), ownsClient: true }
}

function assertSession(session: unknown): void {
  if (typeof session !== 'object' || session === null) throw new TypeError('session: a strategy or hooks were expected')
  const known = [
    'getUser',
    'createSession',
    'destroySession',
    'renewSession',
    'describeSession',
    'allowNonBrowserClients',
  ]
  const hooks = new Map<string, unknown>(known.map((name) => [name, Reflect.get(session, name)]))
  // An instance of a class may have whatever fields it needs.
  if (Object.getPrototypeOf(session) === Object.prototype) refuseUnknownOptions('session', session, known)
  assertFunction('session.getUser', hooks.get('getUser'))
  assertFunction('session.createSession', hooks.get('createSession'))
  for (const optional of ['destroySession', 'renewSession', 'describeSession'])
    assertOptionalFunction(`session.${optional}`, hooks.get(optional))
  assertOptionalBoolean('session.allowNonBrowserClients', hooks.get('allowNonBrowserClients'))
}

function resolvePaths(prefix: unknown = '/auth', routes: RoutesOption = {}): Settings<never, never>['paths'] {
  if (prefix !== '' && !isPath(prefix))
    throw new TypeError('prefix: a path such as /auth was expected, without a slash at its end')
  refuseUnknownOptions('routes', routes, ['connectToken', 'verify'])
  const path = (name: RouteName, route: unknown): string | null => {
    if (route === false) return null
    if (!isPath(route)) throw new TypeError(`routes.${name}: a path such as /name, or false, was expected`)
    return `${prefix}${route}`
  }
  const connectToken = path('connectToken', routes.connectToken ?? '/createConnectToken')
  const verify = path('verify', routes.verify ?? '/verifySignedPasskeyData')
  if (connectToken !== null && connectToken === verify)
    throw new TypeError('routes: connectToken and verify need two paths')
  return { connectToken, verify }
}

function resolveTokenTypes(option: unknown, authorized: boolean): ReadonlySet<ConnectTokenType> {
  const types = option ?? defaultTokenTypes
  if (!Array.isArray(types) || types.length === 0 || !types.every(isConnectTokenType)) {
    throw new TypeError(`tokenTypes: an array of ${connectTokenTypes.join(', ')} was expected`)
  }
  if (types.includes('passkey-login') && !authorized) {
    throw new TypeError(
      'tokenTypes: passkey-login needs authorizeConnectToken, so that a half-signed-in user gets no append token',
    )
  }
  return new Set(types)
}

function resolveReplayStore(option: ReplayStore | undefined): { replayStore: ReplayStore; ownsReplayStore: boolean } {
  if (option === undefined) {
    if (process.env.NODE_ENV === 'production') warnOfDefaultStore()
    return { replayStore: memoryReplayStore(), ownsReplayStore: true }
  }
  for (const method of ['reserve', 'markUsed', 'release'])
    assertFunction(`replayStore.${method}`, Reflect.get(Object(option), method))
  return { replayStore: option, ownsReplayStore: false }
}

let warned = false
function warnOfDefaultStore(): void {
  if (warned) return
  warned = true
  process.emitWarning(
    'replayStore: the default keeps used logins in this process; several instances need redisReplayStore',
    {
      type: 'CorbadoConnectWarning',
      code: 'CORBADO_MEMORY_REPLAY_STORE',
    },
  )
}

function resolveOrigins(option: unknown = []): readonly string[] {
  if (!Array.isArray(option)) throw new TypeError('allowedOrigins: an array of origins was expected')
  for (const origin of option) {
    if (typeof origin !== 'string' || !isOrigin(origin)) {
      throw new TypeError(
        'allowedOrigins: exact origins (https://app.example.com) were expected, without path or wildcard',
      )
    }
  }
  return [...option]
}

function resolveAlgorithms(option: unknown = ['RS256']): readonly string[] {
  if (
    !Array.isArray(option) ||
    option.length === 0 ||
    !option.every((name) => asymmetricAlgorithms.test(String(name)))
  ) {
    throw new TypeError('algorithms: an array of asymmetric JWS algorithms (RS256) was expected')
  }
  return [...option]
}
