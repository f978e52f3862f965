import { promisify } from 'node:util'
import { type CorbadoConnectRouter, CorbadoError, corbadoConnect } from '@corbado-connect/express'
import express, { type Application, type ErrorRequestHandler, type RequestHandler } from 'express'
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
  // Another subdomain cannot set a cookie whose name starts with __Host-. Such a cookie must be Secure.
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
    // The passkey must belong to the user who entered the password.
    expectedIdentifier(_claims, { req }) {
      const { userId } = req.session
      if (userId === undefined) throw new CorbadoError('NOT_AUTHENTICATED')
      return userId
    },
  })
  app.use(auth)

  const { requireAllowedOrigin, requireUser, signIn, signOut, user } = auth
  /** Guards your own routes. Use it after `requireUser`, which also accepts users who have only entered the password. */
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
