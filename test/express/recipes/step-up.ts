import { type CorbadoConnectRouter, cookieSession, corbadoConnect, isCorbadoError } from '@corbado-connect/express'
import express, { type Application, type ErrorRequestHandler } from 'express'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

export interface App {
  readonly app: Application
  readonly auth: CorbadoConnectRouter<User>
}

export function createApp(findUser: (identifier: string) => User | null): App {
  const auth = corbadoConnect({ session: cookieSession({ secret: process.env.SESSION_SECRET }), findUser })
  const app = express()
  app.use(auth)

  const { requireAllowedOrigin, requireUser, user, verifyPasskey } = auth
  app.post('/transfer', requireAllowedOrigin, requireUser, express.json(), async (req, res) => {
    const { amount, signedPasskeyData } = req.body ?? {}
    if (typeof amount !== 'number') {
      res.status(400).json({ error: 'amount must be a number' })
      return
    }
    const claims = await verifyPasskey({ user: user(req), signedPasskeyData })
    res.json({ transferred: amount, confirmedBy: claims.webauthnId })
  })

  // Errors that verifyPasskey throws in your route come to your own error handler.
  const onError: ErrorRequestHandler = (error, _req, res, next) => {
    // Errors below 500 are the client's, and those of express.json() carry the request body: never log them.
    if ((error.statusCode ?? 500) >= 500) console.error(error)
    if (res.headersSent) next(error)
    else if (isCorbadoError(error)) res.status(error.statusCode).set(error.headers).json(error)
    else res.status(error.statusCode ?? 500).json({ error: 'Something went wrong.' })
  }
  app.use(onError)
  return { app, auth }
}
