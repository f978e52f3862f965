import type { ConnectUser } from '@corbado-connect/fastify'
import type { FastifyInstance } from 'fastify'

/** Your user table. */
export interface Accounts {
  /** From now on, `findUser` returns null for this user. The row stays. */
  close(user: ConnectUser): Promise<void>
  /** The accounts that were closed more than this many seconds ago. */
  closedSince(seconds: number): Promise<ConnectUser[]>
  delete(user: ConnectUser): Promise<void>
}

/** Adds the route, and returns a job to run every few minutes. */
export function accountDeletion(app: FastifyInstance, accounts: Accounts): () => Promise<void> {
  const { forgetUser, requireAllowedOrigin, requireUser, signOut, user } = app.corbadoConnect

  app.post('/account/delete', { onRequest: [requireAllowedOrigin, requireUser] }, async (request, reply) => {
    const account = user(request)
    // First, so that nobody can sign in or get a connect token for this account any more.
    await accounts.close(account)
    // If Corbado does not answer now, the job does it.
    await forgetUser(account).catch((error: unknown) => request.log.error(error, 'The job will try again'))
    await signOut({ request, reply })
    return { success: true }
  })

  return async function finishDeletions() {
    // By then, no connect token that was issued before can still create a passkey.
    for (const account of await accounts.closedSince(15 * 60)) {
      await forgetUser(account)
      await accounts.delete(account)
    }
  }
}
