import { CorbadoClient } from './corbado/client.js'
import type { CorbadoClientOptions } from './corbado/client-options.js'
import type { HttpContext } from './http.js'
import {
  assertFunction,
  assertOptionalFunction,
  assertWholeNumber,
  optionError,
  refuseUnknownOptions,
} from './option-checks.js'
import type { EndSessions, OnPasskeyChange } from './passkeys.js'
import { resolveReplayStore } from './replay/default-store.js'
import type { ReplayStore } from './replay/store.js'
import type { ConnectUser, Found, PasskeyLogin } from './session/strategy.js'
import { type LocalCheck, resolveLocalCheck, type SignedPasskeyClaims } from './signed-passkey-data.js'

/** The options of the flows. Unknown options are refused by name, and nothing is coerced. */
export interface ConnectOptions<User extends ConnectUser, Context extends HttpContext> {
  /**
   * Your user for a WebAuthn identifier. Return null or undefined to refuse the login. The user's `identifier` must be
   * exactly the one asked for. Called after a verified login, and by the ready-made session strategies on each request, so
   * that suspending a user takes effect immediately.
   */
  readonly findUser: (identifier: string, context: Context) => Found<User> | Promise<Found<User>>
  /**
   * Creates the session of a verified login: called once per login and awaited. `verifyLogin` resolves with what it returns,
   * which must be JSON or `undefined`. If it fails, the cookies that it set are removed again.
   */
  readonly createSession: (login: PasskeyLogin<NoInfer<User>>, context: Context) => unknown
  /** A client, or its options. Default: `CorbadoClient.fromEnv()`. */
  readonly client?: CorbadoClient | CorbadoClientOptions | undefined
  /** Lifetime of connect tokens in seconds, 1 to 86400. Default 300. */
  readonly tokenLifetimeSeconds?: number | undefined
  /**
   * The WebAuthn identifier that the login must belong to. Default: the claim `webauthnId`. Called before Corbado's verdict:
   * the claims are not verified yet. A login of another identifier is refused without a call to Corbado.
   */
  readonly expectedIdentifier?:
    | ((claims: SignedPasskeyClaims, context: Context) => string | Promise<string>)
    | undefined
  /**
   * Prevents a login token from being accepted twice, in addition to Corbado's own check. Default: in memory, which is only
   * right for a single instance.
   */
  readonly replayStore?: ReplayStore | undefined
  /** The claim `iss` of every token. Default: the project ID. */
  readonly issuer?: string | undefined
  /** Signature algorithms that a token may name. Default `['RS256']`. */
  readonly algorithms?: readonly string[] | undefined
}

/** Checked options of the flows, with every default in place. */
export interface ConnectSettings<User extends ConnectUser, Context extends HttpContext> {
  readonly replayStore: ReplayStore
  readonly client: CorbadoClient
  readonly ownsClient: boolean
  readonly findUser: ConnectOptions<User, Context>['findUser']
  readonly createSession: ConnectOptions<User, Context>['createSession']
  readonly tokenLifetimeSeconds: number
  readonly expectedIdentifier: NonNullable<ConnectOptions<User, Context>['expectedIdentifier']>
  readonly localCheck: LocalCheck
  /** Ends sessions before their time, if the session strategy can. */
  readonly endSessions?: EndSessions | undefined
  /** Learns of every deletion of a passkey or a user, for the audit trail. */
  readonly onPasskeyChange?: OnPasskeyChange | undefined
}

const defaultTokenLifetimeSeconds = 300
const optionNames = [
  'findUser',
  'createSession',
  'client',
  'tokenLifetimeSeconds',
  'expectedIdentifier',
  'replayStore',
  'issuer',
  'algorithms',
] as const satisfies readonly (keyof ConnectOptions<ConnectUser, HttpContext>)[]

/** Names of the options that the adapters share with `createConnect`. */
export const sharedOptionNames = optionNames.filter((name) => name !== 'createSession')

/** Refuses other options than those of `createConnect`. @throws TypeError that names the option */
export function assertConnectOptionNames(options: unknown): void {
  refuseUnknownOptions('createConnect', options, optionNames)
}

/** @param owner whose options they are, for messages @throws TypeError that names the option */
export function resolveConnectOptions<User extends ConnectUser, Context extends HttpContext>(
  owner: 'createConnect' | 'corbadoConnect',
  options: ConnectOptions<User, Context>,
): ConnectSettings<User, Context> {
  const { findUser, createSession, expectedIdentifier = webauthnIdOf } = options
  const { tokenLifetimeSeconds = defaultTokenLifetimeSeconds } = options
  assertFunction(`${owner}.findUser`, findUser)
  assertFunction(`${owner}.createSession`, createSession)
  assertOptionalFunction(`${owner}.expectedIdentifier`, expectedIdentifier)
  assertWholeNumber(`${owner}.tokenLifetimeSeconds`, tokenLifetimeSeconds, 1, 24 * 3600)
  const { client, ownsClient } = resolveClient(owner, options.client)
  return {
    findUser,
    createSession,
    expectedIdentifier,
    tokenLifetimeSeconds,
    client,
    ownsClient,
    replayStore: resolveReplayStore(owner, options.replayStore),
    localCheck: resolveLocalCheck(owner, options, client.projectId),
  }
}

function webauthnIdOf({ webauthnId }: SignedPasskeyClaims): string {
  return webauthnId
}

function resolveClient(
  owner: string,
  option: CorbadoClient | CorbadoClientOptions | undefined,
): { client: CorbadoClient; ownsClient: boolean } {
  if (option === undefined) return { client: CorbadoClient.fromEnv(), ownsClient: true }
  if (typeof option !== 'object' || option === null) {
    throw optionError(`${owner}.client`, 'must be a CorbadoClient or its options')
  }
  // By its shape: another installed copy of this package has a class of its own.
  if ('connectTokens' in option) return { client: option, ownsClient: false }
  return { client: new CorbadoClient(option), ownsClient: true }
}
