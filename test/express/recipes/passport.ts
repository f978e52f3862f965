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
  readonly passkeys: CorbadoConnectRouter<User>
}

export function createApp(users: Users, secret: string, store: Store): App {
  const passport = new Passport()
  passport.use(
    new LocalStrategy({ usernameField: 'name' }, (name, password, done) => {
      users.checkPassword(name, password).then((user) => done(null, user ?? false), done)
    }),
  )
  passport.serializeUser((user, done) => done(null, user.identifier))
  // Asked on every request: a suspended user is out at once.
  passport.deserializeUser((identifier: string, done) => {
    users.find(identifier).then((user) => done(null, user ?? false), done)
  })

  const app = express()
  const cookie = { path: '/', httpOnly: true, sameSite: 'lax', secure: process.env.NODE_ENV === 'production' } as const
  app.use(session({ secret, store, name: 'sid', cookie, resave: false, saveUninitialized: false }))
  app.use(passport.session())

  const passkeys = corbadoConnect({
    findUser: (identifier: string) => users.find(identifier),
    session: {
      getUser: ({ req }) => req.user ?? null,
      async createSession({ user }, { req }) {
        try {
          // Passport regenerates the session, sets the user and waits until the session is saved.
          await promisify<void>((done) => req.logIn(user, done))()
        } catch (error) {
          // Else express-session would save it with the answer, and a login that failed had a session.
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
  app.use(passkeys)

  const checkPassword = passport.authenticate('local', { session: false })
  app.post('/login', passkeys.requireAllowedOrigin, express.json(), checkPassword, async (req, res) => {
    if (req.user !== undefined) res.json(await passkeys.signIn({ req, res }, req.user))
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
