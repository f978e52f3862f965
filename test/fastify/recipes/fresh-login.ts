import { cookieSession, corbadoConnect, freshLogin } from '@corbado-connect/fastify'
import Fastify, { type FastifyInstance } from 'fastify'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

export async function createApp(findUser: (identifier: string) => User | null): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(corbadoConnect, {
    session: cookieSession({ secret: process.env.SESSION_SECRET, renewAfterSeconds: 600 }),
    findUser,
    authorizeConnectToken: freshLogin({ maxAgeSeconds: 300 }),
  })
  return app
}
