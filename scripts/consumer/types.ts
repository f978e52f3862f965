// The types as a strict user sees them, without skipLibCheck.
import { accessTokenSession, corbadoConnect } from '@corbado-connect/express'
import { redisReplayStore } from '@corbado-connect/express/redis'
import type { FastifyContext } from '@corbado-connect/fastify'

const auth = corbadoConnect({
  findUser: (identifier) => ({ identifier, email: 'jane@example.com' }),
  session: accessTokenSession({
    secret: 'x'.repeat(32),
    claims: (user: { identifier: string; email: string }) => ({ email: user.email }),
  }),
})
export const close: () => Promise<void> = auth.close
export const store: typeof redisReplayStore = redisReplayStore
export type Ip = FastifyContext['http']['ip']
