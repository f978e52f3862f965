// What one writes by hand on Fastify: built-in fetch, the same kind of session, none of the checks.
import fastifyCookie from '@fastify/cookie'
import Fastify from 'fastify'
import { jwtVerify, SignJWT } from 'jose'
import { report, secret, users } from './serve.mjs'

const key = new TextEncoder().encode(secret)
const authorization = `Basic ${btoa(`${process.env.CORBADO_PROJECT_ID}:${process.env.CORBADO_API_SECRET}`)}`
const corbado = async (path, body) => {
  const response = await fetch(process.env.CORBADO_BACKEND_API + path, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.json()
}

const app = Fastify()
await app.register(fastifyCookie)
app.post('/auth/createConnectToken', async (request, reply) => {
  const { payload } = await jwtVerify(request.cookies['__Host-corbado_connect_session'] ?? '', key)
  const user = users.get(payload.sub)
  if (user === undefined) return reply.code(401).send()
  const { type } = request.body
  const { secret: connectToken } = await corbado('/v2/connectTokens', { type, data: { identifier: user.identifier } })
  return { connectToken }
})
app.post('/auth/verifySignedPasskeyData', async (request, reply) => {
  const { signedPasskeyData } = request.body
  const { webauthnId } = JSON.parse(Buffer.from(signedPasskeyData.split('.')[1], 'base64url'))
  const body = { signedPasskeyData, username: webauthnId }
  const { verificationResult } = await corbado('/v2/passkey/verifySignedData', body)
  if (verificationResult !== 'success') return reply.code(401).send()
  const token = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(users.get(webauthnId).identifier)
    .setExpirationTime('1h')
    .sign(key)
  reply.setCookie('__Host-corbado_connect_session', token, { httpOnly: true, secure: true, path: '/' })
  return { success: true }
})
await app.listen({ port: 0, host: '127.0.0.1' })
report(app.server.address().port)
