import { cookieSession, corbadoConnect } from '@corbado-connect/fastify'
import fastifyCors from '@fastify/cors'
import Fastify, { type FastifyInstance } from 'fastify'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

/** @param origins the origins of your pages, such as `https://app.example.com` */
export async function createApp(
  origins: readonly string[],
  findUser: (identifier: string) => User | null,
): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(fastifyCors, { origin: [...origins], credentials: true, methods: ['GET', 'POST'] })
  await app.register(corbadoConnect, {
    allowedOrigins: origins,
    session: cookieSession({ secret: process.env.SESSION_SECRET, sameSite: 'none' }),
    findUser,
  })

  const { requireAllowedOrigin, requireUser, signOut, user } = app.corbadoConnect
  app.get('/me', { onRequest: [requireUser] }, (request) => user(request))
  app.post('/logout', { onRequest: [requireAllowedOrigin] }, async (request, reply) => {
    await signOut({ request, reply })
    return { success: true }
  })
  return app
}
