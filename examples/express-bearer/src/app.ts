import { profileOf, type User, Users } from '@corbado-connect/example-users'
import { pageDirectory, renderPage } from '@corbado-connect/example-web'
import {
  accessTokenSession,
  browserOrNative,
  type CorbadoConnectRouter,
  cookieSession,
  corbadoConnect,
  memoryRevocations,
} from '@corbado-connect/express'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { rateLimit } from 'express-rate-limit'
import { settingsRoutes } from './settings.js'
import { supportRoutes } from './support.js'

const tooMany = { message: 'Too many attempts. Try again later.' }

/** The app and the router that must be closed with it. */
export interface App {
  readonly app: Express
  readonly auth: CorbadoConnectRouter<User>
}

/** Creates the app. It is configured by environment variables only; see the README. */
export function buildApp(): App {
  const { env } = process
  const users = new Users()
  const app = express()
  app.disable('x-powered-by')

  // Mobile apps get an access token. Browsers get a cookie that scripts cannot read, and never a token.
  // Revocations let sessions end before they expire. Several instances need redisRevocations.
  const revocations = memoryRevocations()
  const auth = corbadoConnect({
    session: browserOrNative({
      browser: cookieSession({ secret: env.SESSION_SECRET, revocations }),
      native: accessTokenSession({ secret: env.SESSION_SECRET, revocations }),
    }),
    findUser: (identifier) => users.find(identifier),
    clientState: true,
  })
  app.use(auth)
  app.use(express.json({ limit: '16kb' }))

  app.post(
    '/login',
    auth.requireAllowedOrigin,
    rateLimit({ windowMs: 60_000, limit: 10, message: tooMany }),
    async (req, res) => {
      const { email, password } = req.body ?? {}
      const wellFormed = typeof email === 'string' && typeof password === 'string' && password.length <= 128
      const user = wellFormed ? await users.checkPassword(email, password) : null
      if (user === null) res.status(401).json({ message: 'The e-mail address or the password is wrong.' })
      else res.set('cache-control', 'no-store').json(await auth.signIn({ req, res }, user))
    },
  )

  // People type their address. Corbado knows them by an identifier that stays the same when the address changes.
  app.post(
    '/passkeyIdentifier',
    auth.requireAllowedOrigin,
    rateLimit({ windowMs: 60_000, limit: 30, message: tooMany }),
    (req, res) => {
      const { email } = req.body ?? {}
      const wellFormed = typeof email === 'string' && email.length <= 254
      if (!wellFormed) res.status(400).json({ message: '`email` must be an e-mail address.' })
      else
        res
          .set('cache-control', 'no-store')
          .json({ identifier: users.identifierFor(email, env.DECOY_SECRET ?? env.SESSION_SECRET ?? '') })
    },
  )

  app.get('/me', auth.requireUser, (req, res) => {
    res.set('cache-control', 'no-store').json(profileOf(auth.user(req)))
  })

  app.post('/logout', auth.requireAllowedOrigin, async (req, res) => {
    await auth.signOut({ req, res })
    res.json({ success: true })
  })

  app.use(settingsRoutes(auth, users))
  app.use('/support', supportRoutes(auth, users))

  app.get('/', (req, res) => {
    const { html, headers } = renderPage({
      projectId: auth.client.projectId,
      frontendApi: env.FRONTEND_API,
      clientState: auth.readClientState(req),
      supportDesk: true,
    })
    res.set(headers).send(html)
  })
  app.use('/page', express.static(pageDirectory, { index: false }))

  app.use(auth.errorHandler)
  // By default, Express answers with an HTML page, which contains the stack unless NODE_ENV is `production`.
  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error)
    const status = error instanceof Error && 'status' in error ? Number(error.status) : 500
    if (status === 500) console.error(error)
    res.status(status).json({ message: status < 500 ? 'The request was not understood.' : 'The app has a problem.' })
  })

  return { app, auth }
}
