// Both routes by hand on Fastify with @fastify/rate-limit, no other checks.
import fastifyRateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import { createConnectToken, verifyLogin } from './by-hand.mjs'
import { measured, sessions } from './program.mjs'

const app = Fastify()
await app.register(fastifyRateLimit, { max: 1_000_000, timeWindow: 60_000 })
app.post('/auth/createConnectToken', async (request, reply) => {
  const user = sessions.get(request.headers['x-session'])
  return user === undefined ? reply.code(401).send() : createConnectToken(user, request.body.type)
})
app.post('/auth/verifySignedPasskeyData', async (request, reply) => {
  const user = await verifyLogin(request.body.signedPasskeyData)
  return user === undefined ? reply.code(401).send() : { success: true }
})
await app.listen({ port: 0, host: 'localhost' })
measured(app.server.address().port)
