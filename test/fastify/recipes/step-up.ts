import { cookieSession, corbadoConnect } from '@corbado-connect/fastify'
import Fastify, { type FastifyInstance } from 'fastify'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

const transfer = {
  type: 'object',
  required: ['amount', 'signedPasskeyData'],
  properties: { amount: { type: 'number' }, signedPasskeyData: { type: 'string' } },
} as const

interface Transfer {
  readonly amount: number
  /** The `signedPasskeyData` that Corbado's web client returned to the page. */
  readonly signedPasskeyData: string
}

export async function createApp(findUser: (identifier: string) => User | null): Promise<FastifyInstance> {
  const app = Fastify()
  await app.register(corbadoConnect, { session: cookieSession({ secret: process.env.SESSION_SECRET }), findUser })

  const { requireAllowedOrigin, requireUser, user, verifyPasskey } = app.corbadoConnect
  const route = { onRequest: [requireAllowedOrigin, requireUser], schema: { body: transfer } }
  app.post<{ Body: Transfer }>('/transfer', route, async (request) => {
    const { amount, signedPasskeyData } = request.body
    const claims = await verifyPasskey({ user: user(request), signedPasskeyData, maxAgeSeconds: 60 })
    return { transferred: amount, confirmedBy: claims.webauthnId }
  })
  return app
}
