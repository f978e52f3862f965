import { cookieSession, corbadoConnect } from '@corbado-connect/fastify'
import Fastify, { type FastifyInstance } from 'fastify'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

interface Transfer {
  readonly amount: number
  /** What Corbado's login component gave to the page a moment ago. */
  readonly signedPasskeyData: string
}

export async function createApp(findUser: (identifier: string) => User | null): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(corbadoConnect, { session: cookieSession({ secret: process.env.SESSION_SECRET }), findUser })

  const { requireAllowedOrigin, requireUser, user, verifyPasskey } = app.corbadoConnect
  app.post<{ Body: Transfer }>('/transfer', { onRequest: [requireAllowedOrigin, requireUser] }, async (request) => {
    const { amount, signedPasskeyData } = request.body
    const claims = await verifyPasskey({ user: user(request), signedPasskeyData })
    return { transferred: amount, confirmedBy: claims.webauthnId }
  })
  return app
}
