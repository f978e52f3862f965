import { type CorbadoConnectRouter, cookieSession, corbadoConnect } from '@corbado-connect/express'
import cors from 'cors'
import express, { type Application } from 'express'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

export interface App {
  readonly app: Application
  readonly auth: CorbadoConnectRouter<User>
}

/** @param origins the origins of your pages, such as `https://app.example.com` */
export function createApp(origins: readonly string[], findUser: (identifier: string) => User | null): App {
  const auth = corbadoConnect({
    allowedOrigins: origins,
    session: cookieSession({ secret: process.env.SESSION_SECRET, sameSite: 'none' }),
    findUser,
  })
  const app = express()
  app.use(cors({ origin: [...origins], credentials: true, methods: ['GET', 'POST'] }))
  app.use(auth)

  const { requireAllowedOrigin, requireUser, signOut, user } = auth
  app.get('/me', requireUser, (req, res) => {
    res.json(user(req))
  })
  app.post('/logout', requireAllowedOrigin, async (req, res) => {
    await signOut({ req, res })
    res.json({ success: true })
  })
  return { app, auth }
}
