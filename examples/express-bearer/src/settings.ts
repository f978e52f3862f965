import type { User, Users } from '@corbado-connect/example-users'
import type { CorbadoConnectRouter } from '@corbado-connect/express'
import { Router } from 'express'
import { rateLimit } from 'express-rate-limit'

/** What people can do with their account: sign out in every browser and app, and delete it. */
export function settingsRoutes(auth: CorbadoConnectRouter<User>, users: Users): Router {
  const router = Router()
  // Each call of deleteAccount makes several calls to Corbado.
  const limit = rateLimit({
    windowMs: 60_000,
    limit: 10,
    message: { message: 'Too many attempts. Try again later.' },
  })

  router.post('/signOutEverywhere', auth.requireAllowedOrigin, auth.requireUser, limit, async (req, res) => {
    await auth.endSessions({ user: auth.user(req) })
    await auth.signOut({ req, res })
    res.json({ success: true })
  })

  router.post('/deleteAccount', auth.requireAllowedOrigin, auth.requireUser, limit, async (req, res) => {
    const account = auth.user(req)
    // First, and you can repeat it: if Corbado does not answer, the account still exists and the person can try again.
    await auth.forgetUser(account)
    users.delete(account)
    await auth.signOut({ req, res })
    res.json({ success: true })
  })

  return router
}
