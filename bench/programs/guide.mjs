// Both routes as Corbado's guide shows them: Express and Node's built-in fetch.
import express from 'express'
import { measured, sessions, users } from './program.mjs'

const { CORBADO_PROJECT_ID, CORBADO_API_SECRET, CORBADO_BACKEND_API } = process.env
const authorization = `Basic ${btoa(`${CORBADO_PROJECT_ID}:${CORBADO_API_SECRET}`)}`

async function post(path, body) {
  const response = await fetch(CORBADO_BACKEND_API + path, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.json()
}

const app = express()
app.use(express.json())
app.post('/auth/createConnectToken', async (req, res) => {
  const user = sessions.get(req.headers['x-session'])
  if (user === undefined) return res.status(401).end()
  const { type } = req.body
  const { secret } = await post('/v2/connectTokens', { type, data: { identifier: user.identifier } })
  res.json({ connectToken: secret })
})
app.post('/auth/verifySignedPasskeyData', async (req, res) => {
  const { signedPasskeyData } = req.body
  const { webauthnId } = JSON.parse(Buffer.from(signedPasskeyData.split('.')[1], 'base64url').toString())
  const body = { signedPasskeyData, username: webauthnId }
  const { verificationResult } = await post('/v2/passkey/verifySignedData', body)
  if (verificationResult !== 'success' || !users.has(webauthnId)) return res.status(401).end()
  res.json({ success: true })
})
const server = app.listen(0, 'localhost', () => measured(server.address().port))
