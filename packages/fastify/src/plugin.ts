import type { ConnectEvent, ConnectUser } from '@corbado-connect/core'
import { type ConnectApp, createAdapterParts, logsAsError } from '@corbado-connect/core/internal'
import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { type Exchange, type FastifyContext, FastifyHttp } from './http.js'
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

/** `app.corbadoConnect`: what the rest of the application does with the same sessions. */
export interface CorbadoConnect<User extends ConnectUser = RegisteredUser>
  extends ConnectApp<User, FastifyContext, Exchange, FastifyRequest> {
  /** An `onRequest` hook: lets signed-in users pass, throws `CORBADO_NOT_AUTHENTICATED`. Write it in an array. */
  requireUser(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** An `onRequest` hook against CSRF: throws `CORBADO_ORIGIN_NOT_ALLOWED`. Write it in an array. */
  requireAllowedOrigin(request: FastifyRequest, reply: FastifyReply): Promise<void>
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
  const contextOf = (pair: Exchange): FastifyContext => ({
    ...pair,
    http: new FastifyHttp(pair, parts.settings.client.projectId),
  })
  const parts = createAdapterParts<User, FastifyContext, Exchange, FastifyRequest>(
    { ...connectOptions, onEvent: connectOptions.onEvent ?? logEvent },
    contextOf,
  )
  const corbadoConnect: CorbadoConnect<User> = {
    ...parts.app,
    requireUser: (request, reply) => parts.requireUser(request, contextOf({ request, reply })),
    requireAllowedOrigin: async (request, reply) => parts.routes.requireAllowedOrigin(contextOf({ request, reply })),
  }
  app.decorate('corbadoConnect', corbadoConnect)

  // A context of our own: the app's parsers, validators and serializers do not reach into it, and ours not out of it.
  await app.register(
    async (own) => {
      // For hooks that read and set cookies of their own; the app's, if it has one, serves as well.
      if (!own.hasRequestDecorator('cookies')) await own.register(fastifyCookie)
      await registerRoutes(own, { ...parts, contextOf })
    },
    { ...(logLevel === undefined ? {} : { logLevel }), ...(logSerializers === undefined ? {} : { logSerializers }) },
  )
}

/** Where no `onEvent` is given, what went wrong on our side or Corbado's stands in the log. */
function logEvent(event: ConnectEvent, { request }: FastifyContext): void {
  if (logsAsError(event)) request.log.error({ corbadoConnect: event }, 'Corbado Connect: a request failed')
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
