// Both routes by hand on Express with express.json(), no checks.
import express from 'express'
import { createConnectToken, verifyLogin } from './by-hand.mjs'
import { measured, sessions } from './program.mjs'

const app = express()
app.use(express.json())
app.post('/auth/createConnectToken', async (req, res) => {
  const user = sessions.get(req.headers['x-session'])
  if (user === undefined) return res.status(401).end()
  res.json(await createConnectToken(user, req.body.type))
})
app.post('/auth/verifySignedPasskeyData', async (req, res) => {
  if ((await verifyLogin(req.body.signedPasskeyData)) === undefined) return res.status(401).end()
  res.json({ success: true })
})
const server = app.listen(0, 'localhost', () => measured(server.address().port))
