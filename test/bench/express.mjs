// Our router.
import { cookieSession, corbadoConnect } from '@corbado-connect/express'
import express from 'express'
import { report, secret, users } from './serve.mjs'

const app = express()
app.use(
  corbadoConnect({
    session: cookieSession({ secret }),
    findUser: (identifier) => users.get(identifier) ?? null,
    rateLimit: { connectToken: { max: 1_000_000, windowMs: 60_000 }, verify: { max: 1_000_000, windowMs: 60_000 } },
  }),
)
const server = app.listen(0, '127.0.0.1', () => report(server.address().port))
