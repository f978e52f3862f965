import { promisify } from 'node:util'
import {
  type CorbadoConnectRouter,
  corbadoConnect,
  freshLogin,
  type SessionDescription,
} from '@corbado-connect/express'
import express, { type Application, type ErrorRequestHandler } from 'express'
import session, { type Store } from 'express-session'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

/** Your users. `checkPassword` compares hashes. */
export interface Users {
  find(identifier: string): Promise<User | null>
  checkPassword(name: string, password: string): Promise<User | null>
}

declare global {
  namespace Express {
    interface User {
      readonly identifier: string
      readonly displayName: string
    }
  }
}

declare module 'express-session' {
  interface SessionData {
    login: SessionDescription
  }
}

export interface App {
  readonly app: Application
  readonly auth: CorbadoConnectRouter<User>
}

export function createApp(users: Users, secret: string, store: Store): App {
  const passport = new Passport()
  passport.use(
    new LocalStrategy({ usernameField: 'name' }, (name, password, done) => {
      // passport-local does not check the types of the fields.
      if (typeof name !== 'string' || typeof password !== 'string') return done(null, false)
      users.checkPassword(name, password).then((user) => done(null, user ?? false), done)
    }),
  )
  passport.serializeUser((user, done) => done(null, user.identifier))
  // Called on every request, so suspending a user takes effect immediately.
  passport.deserializeUser((identifier: string, done) => {
    users.find(identifier).then((user) => done(null, user ?? false), done)
  })

  const app = express()
  // Another subdomain cannot set a cookie whose name starts with __Host-. Such a cookie must be Secure.
  const secure = process.env.NODE_ENV !== 'development'
  const cookieName = secure ? '__Host-sid' : 'sid'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  app.use(session({ secret, store, name: cookieName, cookie, resave: false, saveUninitialized: false }))
  app.use(passport.session())

  const auth = corbadoConnect({
    findUser: (identifier: string) => users.find(identifier),
    // A stolen session cannot add a passkey of its own.
    authorizeConnectToken: freshLogin(),
    session: {
      getUser: ({ req }) => req.user ?? null,
      async createSession({ user, by }, { req }) {
        try {
          // Passport regenerates the session, sets the user and waits until the session is saved.
          await promisify<void>((done) => req.logIn(user, done))()
          const signedInAt = Math.floor(Date.now() / 1000)
          req.session.login = { signedInAt, by }
          await promisify<void>((done) => req.session.save(done))()
        } catch (error) {
          // Without this, express-session saves the session with the response, and a failed login has a session.
          await promisify<void>((done) => req.session.destroy(done))().catch(() => {})
          throw error
        }
        return { success: true }
      },
      async destroySession({ req }) {
        await promisify<void>((done) => req.logOut(done))()
      },
      describeSession: ({ req }) => req.session.login ?? null,
    },
  })
  app.use(auth)

  const checkPassword = passport.authenticate('local', { session: false })
  app.post('/login', auth.requireAllowedOrigin, express.json(), checkPassword, async (req, res) => {
    if (req.user !== undefined) res.json(await auth.signIn({ req, res }, req.user))
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
