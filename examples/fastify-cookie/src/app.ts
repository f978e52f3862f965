import { profileOf, type User, Users } from '@corbado-connect/example-users'
import { pageDirectory, renderPage } from '@corbado-connect/example-web'
import { cookieSession, corbadoConnect, memoryRevocations } from '@corbado-connect/fastify'
import rateLimit from '@fastify/rate-limit'
import fastifyStatic from '@fastify/static'
import Fastify, { type FastifyInstance } from 'fastify'
import { settingsRoutes } from './settings.js'

declare module '@corbado-connect/fastify' {
  interface Register {
    user: User
  }
}

const loginSchema = {
  body: {
    type: 'object',
    required: ['email', 'password'],
    properties: { email: { type: 'string', maxLength: 254 }, password: { type: 'string', maxLength: 128 } },
  },
} as const

const identifierSchema = {
  body: { type: 'object', required: ['email'], properties: { email: { type: 'string', maxLength: 254 } } },
} as const

/** Creates the app. It is configured by environment variables only; see the README. */
export async function buildApp(): Promise<FastifyInstance> {
  const { env } = process
  const users = new Users()
  const app = Fastify({
    logger: { level: env.LOG_LEVEL ?? 'info' },
    requestTimeout: 10_000,
    // Refuse an array with an address instead of converting it into a string.
    ajv: { customOptions: { coerceTypes: false } },
  })

  await app.register(corbadoConnect, {
    session: cookieSession({
      secret: env.SESSION_SECRET,
      // Lets sessions end before they expire. Several instances need redisRevocations.
      revocations: memoryRevocations(),
    }),
    findUser: (identifier) => users.find(identifier),
    clientState: true,
  })

  await app.register(rateLimit, { global: false })

  app.post<{ Body: { email: string; password: string } }>(
    '/login',
    {
      schema: loginSchema,
      onRequest: [app.corbadoConnect.requireAllowedOrigin],
      config: { rateLimit: { max: 10, timeWindow: 60_000 } },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const user = await users.checkPassword(request.body.email, request.body.password)
      if (user === null) return reply.code(401).send({ message: 'The e-mail address or the password is wrong.' })
      return app.corbadoConnect.signIn({ request, reply }, user)
    },
  )

  // People type their address. Corbado knows them by an identifier that stays the same when the address changes.
  app.post<{ Body: { email: string } }>(
    '/passkeyIdentifier',
    {
      schema: identifierSchema,
      onRequest: [app.corbadoConnect.requireAllowedOrigin],
      config: { rateLimit: { max: 30, timeWindow: 60_000 } },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return { identifier: users.identifierFor(request.body.email, env.DECOY_SECRET ?? env.SESSION_SECRET ?? '') }
    },
  )

  app.get('/me', { onRequest: [app.corbadoConnect.requireUser] }, (request, reply) => {
    reply.header('cache-control', 'no-store')
    return profileOf(app.corbadoConnect.user(request))
  })

  app.post('/logout', { onRequest: [app.corbadoConnect.requireAllowedOrigin] }, async (request, reply) => {
    await app.corbadoConnect.signOut({ request, reply })
    return { success: true }
  })

  settingsRoutes(app, users)

  app.get('/', (request, reply) => {
    const { html, headers } = renderPage({
      projectId: app.corbadoConnect.client.projectId,
      frontendApi: env.FRONTEND_API,
      clientState: app.corbadoConnect.readClientState(request),
    })
    return reply.headers(headers).send(html)
  })
  await app.register(fastifyStatic, { root: pageDirectory, index: false, prefix: '/page/' })

  return app
}
