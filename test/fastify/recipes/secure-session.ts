import { corbadoConnect, freshLogin, type SessionDescription } from '@corbado-connect/fastify'
import fastifySecureSession, { type Session as SecureSession } from '@fastify/secure-session'
import Fastify, { type FastifyInstance } from 'fastify'

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
  interface FastifyRequest {
    signedIn: SecureSession<{ userId: string; login: SessionDescription }>
  }
}

/** The body of `/login`. Other types than strings never reach your database. */
const credentials = {
  type: 'object',
  required: ['name', 'password'],
  properties: { name: { type: 'string', maxLength: 254 }, password: { type: 'string', maxLength: 1024 } },
} as const

/** @param key 32 bytes */
export async function createApp(users: Users, key: Buffer): Promise<FastifyInstance> {
  // Another subdomain cannot set a cookie whose name starts with __Host-. Such a cookie must be Secure.
  const secure = process.env.NODE_ENV !== 'development'
  const app = Fastify()
  await app.register(fastifySecureSession, {
    key,
    sessionName: 'signedIn',
    cookieName: secure ? '__Host-signed-in' : 'signed-in',
    expiry: 3600,
    cookie: {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure,
      maxAge: 3600,
    },
  })

  await app.register(corbadoConnect, {
    findUser: (identifier: string) => users.find(identifier),
    // A stolen session cannot add a passkey of its own.
    authorizeConnectToken: freshLogin(),
    session: {
      async getUser({ request }, findUser) {
        const userId = request.signedIn.get('userId')
        return userId === undefined ? null : findUser(userId)
      },
      createSession({ user, by }, { request }) {
        request.signedIn.regenerate()
        request.signedIn.set('userId', user.identifier)
        const signedInAt = Math.floor(Date.now() / 1000)
        request.signedIn.set('login', { signedInAt, by })
        return { success: true }
      },
      destroySession({ request }) {
        request.signedIn.delete()
      },
      describeSession: ({ request }) => request.signedIn.get('login') ?? null,
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
