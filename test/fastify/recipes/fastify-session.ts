import { corbadoConnect, freshLogin, isCorbadoError, type SessionDescription } from '@corbado-connect/fastify'
import fastifyCookie from '@fastify/cookie'
import fastifySession, { type SessionStore } from '@fastify/session'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

/** Your users. `checkPassword` compares hashes. */
export interface Users {
  find(identifier: string): Promise<User | null>
  checkPassword(name: string, password: string): Promise<User | null>
}

declare module 'fastify' {
  interface Session {
    userId?: string
    login?: SessionDescription
  }
}

/** The body of `/login`. Other types than strings never reach your database. */
const credentials = {
  type: 'object',
  required: ['name', 'password'],
  properties: { name: { type: 'string', maxLength: 254 }, password: { type: 'string', maxLength: 1024 } },
} as const

export async function createApp(users: Users, secret: string, store: SessionStore): Promise<FastifyInstance> {
  // Another subdomain cannot set a cookie whose name starts with __Host-. Such a cookie must be Secure.
  const secure = process.env.NODE_ENV !== 'development'
  const cookieName = secure ? '__Host-sid' : 'sid'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  const app = Fastify()
  // Error messages of a store can contain host names and commands. Log them, but do not send them to the client.
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (isCorbadoError(error) || (error.statusCode ?? 500) < 500) throw error
    request.log.error(error)
    return reply.code(500).send({ statusCode: 500, error: 'Internal Server Error', message: 'Something went wrong.' })
  })
  await app.register(fastifyCookie)
  await app.register(fastifySession, { secret, store, cookieName, cookie: { ...cookie }, saveUninitialized: false })

  await app.register(corbadoConnect, {
    findUser: (identifier: string) => users.find(identifier),
    // A stolen session cannot add a passkey of its own.
    authorizeConnectToken: freshLogin(),
    session: {
      async getUser({ request }, findUser) {
        const userId = request.session.get('userId')
        return userId === undefined ? null : findUser(userId)
      },
      async createSession({ user, by }, { request }) {
        try {
          await request.session.regenerate()
          request.session.set('userId', user.identifier)
          const signedInAt = Math.floor(Date.now() / 1000)
          request.session.set('login', { signedInAt, by })
          await request.session.save()
        } catch (error) {
          // Without this, the plugin saves the session with the response, and a failed login has a session.
          await request.session.destroy().catch(() => {})
          throw error
        }
        return { success: true }
      },
      async destroySession({ request, reply }) {
        await request.session.destroy()
        reply.clearCookie(cookieName, cookie)
      },
      describeSession: ({ request }) => request.session.get('login') ?? null,
    },
  })

  const { requireAllowedOrigin, requireUser, signIn, signOut, user } = app.corbadoConnect
  app.post<{ Body: { name: string; password: string } }>(
    '/login',
    { onRequest: [requireAllowedOrigin], schema: { body: credentials } },
    async (request, reply) => {
      const found = await users.checkPassword(request.body.name, request.body.password)
      if (found === null) return reply.code(401).send({ error: 'Wrong name or password' })
      return signIn({ request, reply }, found)
    },
  )
  app.post('/logout', { onRequest: [requireAllowedOrigin] }, async (request, reply) => {
    await signOut({ request, reply })
    return { success: true }
  })
  app.get('/me', { onRequest: [requireUser] }, (request) => user(request))
  return app
}
