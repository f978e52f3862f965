// A program of its own: the augmentation holds for all files of a program.
import { type CorbadoConnect, cookieSession, corbadoConnect } from '@corbado-connect/fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'

interface User {
  readonly identifier: string
  readonly roles: readonly string[]
}

declare module '@corbado-connect/fastify' {
  interface Register {
    user: User
  }
}

declare const users: Map<string, User>

export async function ownUserEverywhere(app: FastifyInstance, request: FastifyRequest): Promise<readonly string[]> {
  await app.register(corbadoConnect, {
    session: cookieSession({ secret: process.env.SESSION_SECRET }),
    findUser: (identifier) => users.get(identifier) ?? null,
  })
  const decorated: CorbadoConnect<User> = app.corbadoConnect
  // @ts-expect-error roles are missing
  await app.corbadoConnect.issueConnectToken({ user: { identifier: 'jane' }, type: 'passkey-list' })
  return decorated.user(request).roles.concat(app.corbadoConnect.user(request).roles)
}
