// What refusals are compared with: a Fastify route that reads the same body and answers at once.
import Fastify from 'fastify'
import { measured } from './program.mjs'

const app = Fastify()
app.post('/auth/verifySignedPasskeyData', async () => ({ success: true }))
await app.listen({ port: 0, host: 'localhost' })
measured(app.server.address().port)
