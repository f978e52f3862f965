import { type CorbadoConnectRouter, cookieSession, corbadoConnect } from '@corbado-connect/express'
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
    const claims = await verifyPasskey({ user: user(req), signedPasskeyData, maxAgeSeconds: 60 })
    res.json({ transferred: amount, confirmedBy: claims.webauthnId })
  })

  // Answers errors of Corbado Connect with their code, and passes all others on.
  app.use(auth.errorHandler)
  const onError: ErrorRequestHandler = (error, _req, res, next) => {
    // Errors of express.json() contain the request body and have a status below 500. Never log them.
    if ((error.statusCode ?? 500) >= 500) console.error(error)
    if (res.headersSent) next(error)
    else res.status(error.statusCode ?? 500).json({ error: 'Something went wrong.' })
  }
  app.use(onError)
  return { app, auth }
}
