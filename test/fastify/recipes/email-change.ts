import type { ConnectUser } from '@corbado-connect/fastify'
import type { FastifyInstance } from 'fastify'

/** Your user table, and the codes that you send to new addresses. */
export interface Accounts {
  /** Whether you sent this code to this address for this user. A code works once, and for a few minutes. */
  checkCode(user: ConnectUser, email: string, code: string): Promise<boolean>
  /** Changes the address and nothing else. */
  changeEmail(user: ConnectUser, email: string): Promise<void>
}

const body = {
  type: 'object',
  required: ['email', 'code'],
  properties: { email: { type: 'string', maxLength: 254 }, code: { type: 'string', maxLength: 32 } },
} as const

export function emailChange(app: FastifyInstance, accounts: Accounts): void {
  const { endSessions, requireAllowedOrigin, requireUser, signIn, user } = app.corbadoConnect
  const route = { onRequest: [requireAllowedOrigin, requireUser], schema: { body } }

  app.post<{ Body: { email: string; code: string } }>('/account/email', route, async (request, reply) => {
    const account = user(request)
    const { email, code } = request.body
    if (!(await accounts.checkCode(account, email, code))) {
      return reply.code(403).send({ message: 'The code is wrong or has expired.' })
    }
    // `identifier` stays the same, so nothing changes at Corbado and every passkey still works.
    await accounts.changeEmail(account, email)
    // Somebody else may be signed in, for example with access to the old mailbox. Only this browser stays signed in.
    await endSessions({ user: account })
    return signIn({ request, reply }, account)
  })
}
