import type { ConnectUser } from '@corbado-connect/fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Your user table. */
export interface Accounts {
  isSupport(user: ConnectUser): boolean
  findCustomer(email: string): Promise<{ user: ConnectUser; hasPassword: boolean } | null>
}

/** Use a rate limit on these routes, so that nobody can go through all customers. */
export function supportDesk(app: FastifyInstance, accounts: Accounts): void {
  const { passkeys, requireAllowedOrigin, requireUser, user } = app.corbadoConnect
  const requireSupport = async (request: FastifyRequest, reply: FastifyReply) => {
    if (!accounts.isSupport(user(request))) return reply.code(403).send({ message: 'Only support can do this.' })
  }
  const properties = { email: { type: 'string', maxLength: 254 }, passkeyId: { type: 'string', maxLength: 64 } }
  const guards = { onRequest: [requireAllowedOrigin, requireUser, requireSupport] }

  const find = { ...guards, schema: { body: { type: 'object', required: ['email'], properties } } }
  app.post<{ Body: { email: string } }>('/support/passkeys', find, async (request, reply) => {
    const customer = await accounts.findCustomer(request.body.email)
    if (customer === null) return reply.code(404).send({ message: 'There is no customer with this address.' })
    return { hasPassword: customer.hasPassword, passkeys: await passkeys.list(customer.user) }
  })

  const revoke = { ...guards, schema: { body: { type: 'object', required: ['email', 'passkeyId'], properties } } }
  app.post<{ Body: { email: string; passkeyId: string } }>('/support/revoke', revoke, async (request, reply) => {
    const { email, passkeyId } = request.body
    const customer = await accounts.findCustomer(email)
    if (customer === null) return reply.code(404).send({ message: 'There is no customer with this address.' })
    const others = (await passkeys.list(customer.user)).filter(
      ({ id, status }) => id !== passkeyId && status === 'active',
    )
    if (others.length === 0 && !customer.hasPassword) {
      return reply.code(409).send({ message: 'This is the only way to sign in. Set up another one first.' })
    }
    // Also ends the sessions that began with this passkey.
    const revoked = await passkeys.revoke(customer.user, passkeyId)
    request.log.info({ by: user(request).identifier, customer: customer.user.identifier, passkeyId, revoked }, 'revoke')
    return { revoked }
  })
}
