import { promisify } from 'node:util'
import { type CorbadoConnectRouter, corbadoConnect, isCorbadoError } from '@corbado-connect/express'
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import session, { type Store } from 'express-session'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

/** Your users; `checkPassword` compares hashes. */
export interface Users {
  find(identifier: string): Promise<User | null>
  checkPassword(name: string, password: string): Promise<User | null>
}

declare module 'express-session' {
  interface SessionData {
    userId: string
  }
}

const cookieName = 'sid'
const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: process.env.NODE_ENV === 'production' } as const

const regenerate = ({ session }: Request) => promisify<void>((done) => session.regenerate(done))()
const save = ({ session }: Request) => promisify<void>((done) => session.save(done))()
const destroy = ({ session }: Request) => promisify<void>((done) => session.destroy(done))()

export interface App {
  readonly app: Express
  readonly passkeys: CorbadoConnectRouter<User>
}

export function createApp(users: Users, secret: string, store: Store): App {
  const app = express()
  app.use(session({ secret, store, name: cookieName, cookie, resave: false, saveUninitialized: false }))

  const passkeys = corbadoConnect({
    findUser: (identifier: string) => users.find(identifier),
    session: {
      async getUser({ req }, findUser) {
        const { userId } = req.session
        return userId === undefined ? null : findUser(userId)
      },
      async createSession({ user }, { req }) {
        try {
          await regenerate(req)
          req.session.userId = user.identifier
          await save(req)
        } catch (error) {
          // Else express-session would save it with the answer, and a login that failed had a session.
          await destroy(req).catch(() => {})
          throw error
        }
        return { success: true }
      },
      async destroySession({ req, res }) {
        await destroy(req)
        res.clearCookie(cookieName, cookie)
      },
    },
  })
  app.use(passkeys)

  app.post('/login', passkeys.requireAllowedOrigin, express.json(), async (req, res) => {
    const user = await users.checkPassword(req.body.name, req.body.password)
    if (user === null) res.status(401).json({ error: 'Wrong name or password' })
    else res.json(await passkeys.signIn({ req, res }, user))
  })
  app.post('/logout', passkeys.requireAllowedOrigin, async (req, res) => {
    await passkeys.signOut({ req, res })
    res.json({ success: true })
  })
  app.get('/me', passkeys.requireUser, (req, res) => {
    res.json(passkeys.user(req))
  })

  // The message of a store that fails names hosts and commands: it is for the log alone.
  const onError: ErrorRequestHandler = (error, _req, res, next) => {
    if (!isCorbadoError(error) || error.statusCode >= 500) console.error(error)
    if (res.headersSent) next(error)
    else if (isCorbadoError(error)) res.status(error.statusCode).set(error.headers).json(error)
    else res.status(error.statusCode ?? 500).json({ error: 'Something went wrong.' })
  }
  app.use(onError)
  return { app, passkeys }
}
