// Our plugin.
import { cookieSession, corbadoConnect } from '@corbado-connect/fastify'
import Fastify from 'fastify'
import { report, secret, users } from './serve.mjs'

const app = Fastify()
await app.register(corbadoConnect, {
  session: cookieSession({ secret }),
  findUser: (identifier) => users.get(identifier) ?? null,
  rateLimit: { connectToken: { max: 1_000_000, windowMs: 60_000 }, verify: { max: 1_000_000, windowMs: 60_000 } },
})
await app.listen({ port: 0, host: '127.0.0.1' })
report(app.server.address().port)
