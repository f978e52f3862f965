import { type CorbadoConnectRouter, cookieSession, corbadoConnect, freshLogin } from '@corbado-connect/express'
import express, { type Application } from 'express'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

export interface App {
  readonly app: Application
  readonly auth: CorbadoConnectRouter<User>
}

export function createApp(findUser: (identifier: string) => User | null): App {
  const auth = corbadoConnect({
    session: cookieSession({ secret: process.env.SESSION_SECRET, renewAfterSeconds: 600 }),
    findUser,
    authorizeConnectToken: freshLogin({ maxAgeSeconds: 300 }),
  })
  const app = express()
  app.use(auth)
  return { app, auth }
}
