import type { ConnectEvent, ConnectUser } from '@corbado-connect/core'
import { type ConnectApp, createAdapter, eventLogLine } from '@corbado-connect/core/internal'
import fastifyCookie from '@fastify/cookie'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { contextOf, type FastifyContext, type FastifyPair } from './http.js'
import type { FastifyConnectOptions } from './options.js'
import { registerRoutes } from './routes.js'

/**
 * Augment this interface to give `app.corbadoConnect` your own user type:
 * `declare module '@corbado-connect/fastify' { interface Register { user: User } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is there to be augmented
export interface Register {}

/** The user type that {@link Register} names. */
export type RegisteredUser = Register extends { user: infer User extends ConnectUser } ? User : ConnectUser

/** `app.corbadoConnect`: the same sessions, for the rest of your application. */
export interface CorbadoConnect<User extends ConnectUser = RegisteredUser>
  extends ConnectApp<User, FastifyContext, FastifyPair, FastifyRequest> {
  /** An `onRequest` hook: lets signed-in users pass, throws `CORBADO_NOT_AUTHENTICATED`. Write it in an array. */
  requireUser(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /** An `onRequest` hook against CSRF: throws `CORBADO_ORIGIN_NOT_ALLOWED`. Write it in an array. */
  requireAllowedOrigin(request: FastifyRequest, reply: FastifyReply): Promise<void>
}

/** The plugin. `app.register` infers the user type of the hooks from `findUser`. */
export interface CorbadoConnectPlugin extends FastifyPluginAsync<FastifyConnectOptions<ConnectUser>> {
  readonly isCorbadoConnectPlugin: true
}

async function plugin<User extends ConnectUser>(
  app: FastifyInstance,
  options: FastifyConnectOptions<User>,
): Promise<void> {
  const { logLevel, logSerializers, ...connectOptions } = options
  const adapter = createAdapter<User, FastifyContext, FastifyPair, FastifyRequest>(connectOptions, {
    contextOf,
    logEvent,
  })
  const corbadoConnect: CorbadoConnect<User> = {
    ...adapter.app,
    requireUser: (request, reply) => adapter.requireUser(request, adapter.contextOf({ request, reply })),
    requireAllowedOrigin: async (request, reply) =>
      adapter.pipeline.requireAllowedOrigin(adapter.contextOf({ request, reply })),
  }
  app.decorate('corbadoConnect', corbadoConnect)

  // A context of our own: parsers, validators and serializers of the app do not affect it, nor ours the app.
  await app.register(
    async (own) => {
      // For hooks that read and set cookies. If the app has a cookie plugin, that one is used.
      if (!own.hasRequestDecorator('cookies')) await own.register(fastifyCookie)
      await registerRoutes(own, adapter)
    },
    { ...(logLevel === undefined ? {} : { logLevel }), ...(logSerializers === undefined ? {} : { logSerializers }) },
  )
}

/** Without `onEvent`, failures are logged, and outside production every refusal. */
function logEvent(event: ConnectEvent, { request }: FastifyContext): void {
  const { level, text } = eventLogLine(event)
  request.log[level]({ corbadoConnect: event }, text)
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
    <User extends ConnectUser>(plugin: CorbadoConnectPlugin, options: FastifyConnectOptions<User>): T
    <User extends ConnectUser>(
      plugin: Promise<{ default: CorbadoConnectPlugin }>,
      options: FastifyConnectOptions<User>,
    ): T
  }
}
