import { promisify } from 'node:util'
import { type CorbadoConnectRouter, CorbadoError, corbadoConnect, isCorbadoError } from '@corbado-connect/express'
import express, { type Application, type ErrorRequestHandler, type RequestHandler } from 'express'
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
    /** True between the password and the passkey. */
    awaitsPasskey: boolean
  }
}

export interface App {
  readonly app: Application
  readonly auth: CorbadoConnectRouter<User>
}

export function createApp(users: Users, secret: string, store: Store): App {
  const app = express()
  // With __Host-, no other subdomain can set this cookie. It needs Secure, which http on localhost does not have.
  const secure = process.env.NODE_ENV !== 'development'
  const cookieName = secure ? '__Host-sid' : 'sid'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  app.use(session({ secret, store, name: cookieName, cookie, resave: false, saveUninitialized: false }))

  const auth = corbadoConnect({
    findUser: (identifier: string) => users.find(identifier),
    session: {
      // Includes half-signed-in users: they need a connect token of type passkey-login.
      async getUser({ req }, findUser) {
        const { userId } = req.session
        return userId === undefined ? null : findUser(userId)
      },
      async createSession({ user, by }, { req }) {
        const isPassword = by === 'app'
        try {
          await promisify<void>((done) => req.session.regenerate(done))()
          req.session.userId = user.identifier
          req.session.awaitsPasskey = isPassword
          await promisify<void>((done) => req.session.save(done))()
        } catch (error) {
          await promisify<void>((done) => req.session.destroy(done))().catch(() => {})
          throw error
        }
        return isPassword ? { next: 'passkey' } : { success: true }
      },
      destroySession: ({ req }) => promisify<void>((done) => req.session.destroy(done))(),
    },
    tokenTypes: ['passkey-login', 'passkey-append', 'passkey-list', 'passkey-delete'],
    authorizeConnectToken({ type }, { req }) {
      const isHalfSignedIn = req.session.awaitsPasskey === true
      return isHalfSignedIn === (type === 'passkey-login')
    },
    // The passkey must belong to the user whose password was right, and there must be one.
    expectedIdentifier(_claims, { req }) {
      const { userId } = req.session
      if (userId === undefined) throw new CorbadoError('NOT_AUTHENTICATED')
      return userId
    },
  })
  app.use(auth)

  const { requireAllowedOrigin, requireUser, signIn, signOut, user } = auth
  /** Guards your own routes, always after `requireUser`: the password is not enough. */
  const requireBothFactors: RequestHandler = (req, _res, next) => {
    next(req.session.awaitsPasskey === false ? undefined : new CorbadoError('NOT_AUTHENTICATED'))
  }

  app.post('/login', requireAllowedOrigin, express.json(), async (req, res) => {
    const { name, password } = req.body ?? {}
    const areStrings = typeof name === 'string' && typeof password === 'string'
    const found = areStrings ? await users.checkPassword(name, password) : null
    if (found === null) res.status(401).json({ error: 'Wrong name or password' })
    else res.json(await signIn({ req, res }, found))
  })
  app.post('/logout', requireAllowedOrigin, async (req, res) => {
    await signOut({ req, res })
    res.json({ success: true })
  })
  app.get('/me', requireUser, requireBothFactors, (req, res) => {
    res.json(user(req))
  })

  // Errors of your own routes and guards come to your own error handler.
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
