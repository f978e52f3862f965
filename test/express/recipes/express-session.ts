import { promisify } from 'node:util'
import {
  type CorbadoConnectRouter,
  corbadoConnect,
  freshLogin,
  type SessionDescription,
} from '@corbado-connect/express'
import express, { type ErrorRequestHandler, type Express, type Request } from 'express'
import session, { type Store } from 'express-session'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

/** Your users. `checkPassword` compares hashes. */
export interface Users {
  find(identifier: string): Promise<User | null>
  checkPassword(name: string, password: string): Promise<User | null>
}

declare module 'express-session' {
  interface SessionData {
    userId: string
    login: SessionDescription
  }
}

const regenerate = ({ session }: Request) => promisify<void>((done) => session.regenerate(done))()
const save = ({ session }: Request) => promisify<void>((done) => session.save(done))()
const destroy = ({ session }: Request) => promisify<void>((done) => session.destroy(done))()

export interface App {
  readonly app: Express
  readonly auth: CorbadoConnectRouter<User>
}

export function createApp(users: Users, secret: string, store: Store): App {
  // Another subdomain cannot set a cookie whose name starts with __Host-. Such a cookie must be Secure.
  const secure = process.env.NODE_ENV !== 'development'
  const cookieName = secure ? '__Host-sid' : 'sid'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  const app = express()
  app.use(session({ secret, store, name: cookieName, cookie, resave: false, saveUninitialized: false }))

  const auth = corbadoConnect({
    findUser: (identifier: string) => users.find(identifier),
    // A stolen session cannot add a passkey of its own.
    authorizeConnectToken: freshLogin(),
    session: {
      async getUser({ req }, findUser) {
        const { userId } = req.session
        return userId === undefined ? null : findUser(userId)
      },
      async createSession({ user, by }, { req }) {
        try {
          await regenerate(req)
          req.session.userId = user.identifier
          const signedInAt = Math.floor(Date.now() / 1000)
          req.session.login = { signedInAt, by }
          await save(req)
        } catch (error) {
          // Without this, express-session saves the session with the response, and a failed login has a session.
          await destroy(req).catch(() => {})
          throw error
        }
        return { success: true }
      },
      async destroySession({ req, res }) {
        await destroy(req)
        res.clearCookie(cookieName, cookie)
      },
      describeSession: ({ req }) => req.session.login ?? null,
    },
  })
  app.use(auth)

  app.post('/login', auth.requireAllowedOrigin, express.json(), async (req, res) => {
    const { name, password } = req.body ?? {}
    const areStrings = typeof name === 'string' && typeof password === 'string'
    const user = areStrings ? await users.checkPassword(name, password) : null
    if (user === null) res.status(401).json({ error: 'Wrong name or password' })
    else res.json(await auth.signIn({ req, res }, user))
  })
  app.post('/logout', auth.requireAllowedOrigin, async (req, res) => {
    await auth.signOut({ req, res })
    res.json({ success: true })
  })
  app.get('/me', auth.requireUser, (req, res) => {
    res.json(auth.user(req))
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
