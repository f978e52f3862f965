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

const regenerate = ({ session }: Request) => promisify<void>((done) => session.regenerate(done))()
const save = ({ session }: Request) => promisify<void>((done) => session.save(done))()
const destroy = ({ session }: Request) => promisify<void>((done) => session.destroy(done))()

export interface App {
  readonly app: Express
  readonly auth: CorbadoConnectRouter<User>
}

export function createApp(users: Users, secret: string, store: Store): App {
  // With __Host-, no other subdomain can set this cookie. It needs Secure, which http on localhost does not have.
  const secure = process.env.NODE_ENV !== 'development'
  const cookieName = secure ? '__Host-sid' : 'sid'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  const app = express()
  app.use(session({ secret, store, name: cookieName, cookie, resave: false, saveUninitialized: false }))

  const auth = corbadoConnect({
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
          // Otherwise express-session saves it with the response, and a failed login has a session.
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

  // The message of a failing store names hosts and commands, so it goes to the log and not to the client.
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
