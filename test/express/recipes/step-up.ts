import { type CorbadoConnectRouter, cookieSession, corbadoConnect, isCorbadoError } from '@corbado-connect/express'
import express, { type Application, type ErrorRequestHandler } from 'express'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

export interface App {
  readonly app: Application
  readonly passkeys: CorbadoConnectRouter<User>
}

export function createApp(findUser: (identifier: string) => User | null): App {
  const passkeys = corbadoConnect({ session: cookieSession({ secret: process.env.SESSION_SECRET }), findUser })
  const app = express()
  app.use(passkeys)

  const { requireAllowedOrigin, requireUser, user, verifyPasskey } = passkeys
  app.post('/transfer', requireAllowedOrigin, requireUser, express.json(), async (req, res) => {
    const { amount, signedPasskeyData } = req.body
    const claims = await verifyPasskey({ user: user(req), signedPasskeyData })
    res.json({ transferred: amount, confirmedBy: claims.webauthnId })
  })

  // What verifyPasskey throws in your own route comes to your own error handler.
  const onError: ErrorRequestHandler = (error, _req, res, next) => {
    if (!isCorbadoError(error) || error.statusCode >= 500) console.error(error)
    if (res.headersSent) next(error)
    else if (isCorbadoError(error)) res.status(error.statusCode).set(error.headers).json(error)
    else res.status(error.statusCode ?? 500).json({ error: 'Something went wrong.' })
  }
  app.use(onError)
  return { app, passkeys }
}
