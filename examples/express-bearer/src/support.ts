import type { User, Users } from '@corbado-connect/example-users'
import type { CorbadoConnectRouter } from '@corbado-connect/express'
import { type RequestHandler, Router } from 'express'
import { rateLimit } from 'express-rate-limit'

/** The support desk: lists and revokes the passkeys of a customer. Only for users with the role `support`. */
export function supportRoutes(auth: CorbadoConnectRouter<User>, users: Users): Router {
  const router = Router()
  const requireSupport: RequestHandler = (req, res, next) => {
    if (auth.user(req).role === 'support') next()
    else res.status(403).json({ message: 'Only support can do this.' })
  }
  router.use(auth.requireAllowedOrigin, auth.requireUser, requireSupport)
  // Even a stolen support account cannot go through all customers.
  router.use(
    rateLimit({
      windowMs: 60_000,
      limit: 30,
      keyGenerator: (req) => auth.user(req).identifier,
      message: { message: 'Too many attempts. Try again later.' },
    }),
  )

  /** The customer whom a request names. The passkeys of colleagues are out of reach. */
  const customerOf = (body: unknown): User | null => {
    const email = member(body, 'email')
    const user = email === undefined ? null : users.findByEmail(email)
    return user?.role === 'customer' ? user : null
  }

  // POST, because addresses do not belong in URLs, which end up in logs.
  router.post('/passkeys', async (req, res) => {
    const customer = customerOf(req.body)
    if (customer === null) res.status(404).json({ message: 'There is no customer with this address.' })
    else
      res
        .set('cache-control', 'no-store')
        .json({ displayName: customer.displayName, passkeys: await auth.passkeys.list(customer) })
  })

  router.post('/revokePasskey', async (req, res) => {
    const customer = customerOf(req.body)
    const passkeyId = member(req.body, 'passkeyId')
    if (customer === null || passkeyId === undefined) {
      res.status(404).json({ message: 'There is no such passkey.' })
      return
    }
    // Also ends the sessions that began with this passkey. Customers of this app can still use their password.
    const revoked = await auth.passkeys.revoke(customer, passkeyId)
    console.log(`${auth.user(req).email} revoked ${revoked ? passkeyId : 'nothing'} of ${customer.identifier}`)
    res.json({ revoked })
  })

  return router
}

/** A string in a JSON body. */
function member(body: unknown, name: string): string | undefined {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined
  return typeof value === 'string' && value.length <= 254 ? value : undefined
}
