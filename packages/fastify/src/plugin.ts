import type { Connect, ConnectEvent, ConnectUser, CorbadoClient } from '@corbado-connect/core'
import {
  ConnectFlows,
  Guards,
  logsAsError,
  Routes,
  readClientState,
  resolveOptions,
} from '@corbado-connect/core/internal'
import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { type Cookies, type FastifyContext, FastifyHttp, readCookie } from './http.js'
import type { FastifyConnectOptions } from './options.js'
import { registerRoutes } from './routes.js'

/**
 * Where an application names its own user type for `app.corbadoConnect`:
 * `declare module '@corbado-connect/fastify' { interface Register { user: User } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be augmented
export interface Register {}

/** The user type that {@link Register} names. */
export type RegisteredUser = Register extends { user: infer User extends ConnectUser } ? User : ConnectUser

/** A request and its reply. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** `app.corbadoConnect`: what the rest of the application does with the same sessions. */
export interface CorbadoConnect<User extends ConnectUser = RegisteredUser>
  extends Pick<Connect<User, FastifyContext>, 'issueConnectToken' | 'verifyPasskey'> {
  /** The client that the routes use. */
  readonly client: CorbadoClient
  /** Creates a session for a login that you checked yourself (a password). @returns what `createSession` returned */
  signIn(exchange: Exchange, user: User): Promise<unknown>
  /** Ends the session of this request. */
  signOut(exchange: Exchange): Promise<void>
  /** An `onRequest` hook: lets signed-in users pass, throws `CORBADO_NOT_AUTHENTICATED`. Write it in an array. */
  requireUser(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** An `onRequest` hook against CSRF: throws `CORBADO_ORIGIN_NOT_ALLOWED`. Write it in an array. */
  requireSameOrigin(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** The user that `requireUser` let pass. @throws CorbadoError `CORBADO_NOT_AUTHENTICATED` where it did not run */
  user(request: FastifyRequest): User
  /** Corbado's `clientState` of an earlier login, where the option `clientState` is on. */
  readClientState(request: FastifyRequest): string | undefined
}

/** The plugin; `app.register` infers the user type of the hooks from `findUser`. */
export interface CorbadoConnectPlugin extends FastifyPluginAsync<FastifyConnectOptions<ConnectUser>> {
  readonly isCorbadoConnectPlugin: true
}

async function plugin<User extends ConnectUser>(
  app: FastifyInstance,
  options: FastifyConnectOptions<User>,
): Promise<void> {
  const { logLevel, logSerializers, ...connectOptions } = options
  const settings = resolveOptions({ onEvent: logEvent, ...connectOptions })
  const flows = new ConnectFlows(settings)
  const routes = new Routes(settings, flows)
  const guards = new Guards(settings, flows)
  let cookies: Cookies | undefined

  const contextOf = (request: FastifyRequest, reply: FastifyReply): FastifyContext => {
    return { request, reply, http: new FastifyHttp(request, reply, loaded(cookies)) }
  }
  const corbadoConnect: CorbadoConnect<User> = {
    client: flows.client,
    issueConnectToken: (request) => flows.issueConnectToken(request),
    verifyPasskey: (request) => flows.verifyPasskey(request),
    signIn: ({ request, reply }, user) => guards.signIn(user, contextOf(request, reply)),
    signOut: ({ request, reply }) => guards.signOut(contextOf(request, reply)),
    requireUser: (request, reply) => guards.requireUser(request, contextOf(request, reply)),
    requireSameOrigin: async (request, reply) => routes.requireSameOrigin(contextOf(request, reply)),
    user: (request) => guards.user(request),
    readClientState: (request) => readClientState({ cookie: (name) => readCookie(request, name, loaded(cookies)) }),
  }
  app.decorate('corbadoConnect', corbadoConnect)

  // A context of our own: the app's parsers, validators and serializers do not reach into it, and ours not out of it.
  await app.register(
    async (own) => {
      if (!own.hasRequestDecorator('cookies')) await own.register(fastifyCookie)
      cookies = own
      await registerRoutes(own, { settings, routes, contextOf })
    },
    { ...(logLevel === undefined ? {} : { logLevel }), ...(logSerializers === undefined ? {} : { logSerializers }) },
  )
}

function loaded(cookies: Cookies | undefined): Cookies {
  if (cookies === undefined) throw new Error('app.corbadoConnect can be used once the app is ready')
  return cookies
}

/** Where no `onEvent` is given, what went wrong on our side or Corbado's stands in the log. */
function logEvent(event: ConnectEvent, context?: FastifyContext): void {
  if (logsAsError(event)) context?.request.log.error({ corbadoConnect: event }, 'Corbado Connect: a request failed')
}

/**
 * Corbado Connect for Fastify 5: registers `POST /auth/createConnectToken` and `POST /auth/verifySignedPasskeyData`, and
 * decorates the instance with `corbadoConnect`.
 *
 * @throws TypeError that names the wrong option, when the app starts
 * @see https://docs.corbado.com/corbado-connect
 */
export const corbadoConnect: CorbadoConnectPlugin = Object.assign(
  fastifyPlugin(plugin, { fastify: '5.x', name: '@corbado-connect/fastify' }),
  { isCorbadoConnectPlugin: true as const },
)

declare module 'fastify' {
  interface FastifyInstance {
    corbadoConnect: CorbadoConnect
  }

  interface FastifyRegister<T, RawServer, TypeProviderDefault, LoggerDefault> {
    // biome-ignore lint/style/useShorthandFunctionType: it adds a signature to Fastify's own
    <User extends ConnectUser>(plugin: CorbadoConnectPlugin, options: FastifyConnectOptions<User>): T
  }
}
