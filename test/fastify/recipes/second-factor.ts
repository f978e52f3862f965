import { CorbadoError, corbadoConnect } from '@corbado-connect/fastify'
import fastifyCookie from '@fastify/cookie'
import fastifySession, { type SessionStore } from '@fastify/session'
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'

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
    /** True between the password and the passkey. */
    awaitsPasskey?: boolean
  }
}

/** The body of `/login`. Other types than strings never reach your database. */
const credentials = {
  type: 'object',
  required: ['name', 'password'],
  properties: { name: { type: 'string', maxLength: 254 }, password: { type: 'string', maxLength: 1024 } },
} as const

export async function createApp(users: Users, secret: string, store: SessionStore): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyCookie)
  // Another subdomain cannot set a cookie whose name starts with __Host-. Such a cookie must be Secure.
  const secure = process.env.NODE_ENV !== 'development'
  const cookieName = secure ? '__Host-sid' : 'sid'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  await app.register(fastifySession, { secret, store, cookieName, cookie, saveUninitialized: false })

  await app.register(corbadoConnect, {
    findUser: (identifier: string) => users.find(identifier),
    session: {
      // Includes half-signed-in users: they need a connect token of type passkey-login.
      async getUser({ request }, findUser) {
        const userId = request.session.get('userId')
        return userId === undefined ? null : findUser(userId)
      },
      async createSession({ user, by }, { request }) {
        const isPassword = by === 'app'
        try {
          await request.session.regenerate()
          request.session.set('userId', user.identifier)
          request.session.set('awaitsPasskey', isPassword)
          await request.session.save()
        } catch (error) {
          await request.session.destroy().catch(() => {})
          throw error
        }
        return isPassword ? { next: 'passkey' } : { success: true }
      },
      destroySession: ({ request }) => request.session.destroy(),
    },
    tokenTypes: ['passkey-login', 'passkey-append', 'passkey-list', 'passkey-delete'],
    authorizeConnectToken({ type }, { request }) {
      const isHalfSignedIn = request.session.get('awaitsPasskey') === true
      return isHalfSignedIn === (type === 'passkey-login')
    },
    // The passkey must belong to the user who entered the password.
    expectedIdentifier(_claims, { request }) {
      const userId = request.session.get('userId')
      if (userId === undefined) throw new CorbadoError('NOT_AUTHENTICATED')
      return userId
    },
  })

  const { requireAllowedOrigin, requireUser, signIn, signOut, user } = app.corbadoConnect
  /** Guards your own routes. Use it after `requireUser`, which also accepts users who have only entered the password. */
  async function requireBothFactors(request: FastifyRequest): Promise<void> {
    if (request.session.get('awaitsPasskey') !== false) throw new CorbadoError('NOT_AUTHENTICATED')
  }

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
  app.get('/me', { onRequest: [requireUser, requireBothFactors] }, (request) => user(request))
  return app
}
