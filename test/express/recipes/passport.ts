import { promisify } from 'node:util'
import { type CorbadoConnectRouter, corbadoConnect, isCorbadoError } from '@corbado-connect/express'
import express, { type Application, type ErrorRequestHandler } from 'express'
import session, { type Store } from 'express-session'
import { Passport } from 'passport'
import { Strategy as LocalStrategy } from 'passport-local'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

/** Your users; `checkPassword` compares hashes. */
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

export interface App {
  readonly app: Application
  readonly auth: CorbadoConnectRouter<User>
}

export function createApp(users: Users, secret: string, store: Store): App {
  const passport = new Passport()
  passport.use(
    new LocalStrategy({ usernameField: 'name' }, (name, password, done) => {
      // passport-local passes on whatever the JSON held.
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
  // With __Host-, no other subdomain can set this cookie. It needs Secure, which http on localhost does not have.
  const secure = process.env.NODE_ENV !== 'development'
  const cookieName = secure ? '__Host-sid' : 'sid'
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure } as const
  app.use(session({ secret, store, name: cookieName, cookie, resave: false, saveUninitialized: false }))
  app.use(passport.session())

  const auth = corbadoConnect({
    findUser: (identifier: string) => users.find(identifier),
    session: {
      getUser: ({ req }) => req.user ?? null,
      async createSession({ user }, { req }) {
        try {
          // Passport regenerates the session, sets the user and waits until the session is saved.
          await promisify<void>((done) => req.logIn(user, done))()
        } catch (error) {
          // Otherwise express-session saves it with the response, and a failed login has a session.
          await promisify<void>((done) => req.session.destroy(done))().catch(() => {})
          throw error
        }
        return { success: true }
      },
      async destroySession({ req }) {
        await promisify<void>((done) => req.logOut(done))()
      },
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
