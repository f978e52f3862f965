import type { Users } from '@corbado-connect/example-users'
import type { FastifyInstance } from 'fastify'

/** What people can do with their account: sign out in every browser, and delete it. */
export function settingsRoutes(app: FastifyInstance, users: Users): void {
  const { endSessions, forgetUser, requireAllowedOrigin, requireUser, signOut, user } = app.corbadoConnect
  // Each call of deleteAccount makes several calls to Corbado.
  const settings = {
    onRequest: [requireAllowedOrigin, requireUser],
    config: { rateLimit: { max: 10, timeWindow: 60_000 } },
  }

  app.post('/signOutEverywhere', settings, async (request, reply) => {
    await endSessions({ user: user(request) })
    await signOut({ request, reply })
    return { success: true }
  })

  app.post('/deleteAccount', settings, async (request, reply) => {
    const account = user(request)
    // First, and you can repeat it: if Corbado does not answer, the account still exists and the person can try again.
    await forgetUser(account)
    users.delete(account)
    await signOut({ request, reply })
    return { success: true }
  })
}
