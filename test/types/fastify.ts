// Compiled, never run: what the types of @corbado-connect/fastify promise.
import {
  accessTokenSession,
  browserOrNative,
  type ConnectEvent,
  type ConnectTokenType,
  type ConnectUser,
  type CorbadoConnect,
  cookieSession,
  corbadoConnect,
  defineOptions,
  type FastifyConnectOptions,
  type FastifyContext,
  type Http,
  type IssuedConnectToken,
  type SignedPasskeyClaims,
} from '@corbado-connect/fastify'
import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { exact, type Same } from './exact.js'

interface User {
  readonly identifier: string
  readonly displayName: string
  readonly roles: readonly string[]
}

declare const users: Map<string, User>
const app = Fastify()
const secret = 'x'.repeat(32)

export async function theTenLines(): Promise<void> {
  await app.register(corbadoConnect, {
    session: cookieSession({ secret: process.env.SESSION_SECRET }),
    findUser: (identifier) => users.get(identifier) ?? null,
  })
  app.post('/login', async (request, reply) => {
    await app.corbadoConnect.signIn({ request, reply }, { identifier: 'jane' })
  })
  app.get('/me', { onRequest: [app.corbadoConnect.requireUser] }, (request) => app.corbadoConnect.user(request))
  app.post('/logout', { onRequest: [app.corbadoConnect.requireAllowedOrigin] }, (request, reply) =>
    app.corbadoConnect.signOut({ request, reply }),
  )
}

export function theUserComesFromFindUser(): void {
  app.register(corbadoConnect, {
    findUser: async (identifier) => users.get(identifier) ?? null,
    authorizeConnectToken({ user, type }, context) {
      exact<Same<typeof user, User>>()
      exact<Same<typeof type, ConnectTokenType>>()
      exact<Same<typeof context, FastifyContext>>()
      return user.roles.includes('admin')
    },
    session: {
      async getUser(context, findUser) {
        exact<Same<typeof context, FastifyContext>>()
        exact<Same<typeof findUser, (identifier: string) => Promise<User | null>>>()
        return findUser('x')
      },
      createSession({ user, claims }, { request, reply, http }) {
        exact<Same<typeof user, User>>()
        exact<Same<typeof claims, SignedPasskeyClaims | undefined>>()
        exact<Same<typeof request, FastifyRequest>>()
        exact<Same<typeof reply, FastifyReply>>()
        exact<Same<typeof http, Http>>()
        return { roles: user.roles }
      },
    },
  })
}

/** `session` first, as in the README; the hooks know the user too. */
export function inAnyOrder(): void {
  app.register(corbadoConnect, {
    session: {
      getUser: (_context, findUser) => findUser('x'),
      createSession({ user }, { reply }) {
        exact<Same<typeof user, User>>()
        return reply.send({ roles: user.roles })
      },
    },
    findUser: (identifier: string) => users.get(identifier) ?? null,
  })
  app.register(corbadoConnect, {
    authorizeConnectToken: ({ user }) => user.roles.includes('admin'),
    session: cookieSession({ secret }),
    findUser: (identifier: string) => users.get(identifier) ?? null,
  })
}

export function readyMadeStrategies(): void {
  const claims = (user: User) => ({ roles: user.roles })
  app.register(corbadoConnect, {
    session: cookieSession({ secret, claims }),
    findUser: (identifier) => users.get(identifier) ?? null,
  })
  app.register(corbadoConnect, {
    findUser: (identifier) => users.get(identifier) ?? null,
    session: browserOrNative({
      browser: cookieSession({ secret, claims: (user: User) => ({ roles: user.roles }) }),
      native: accessTokenSession({ secret, claims }),
    }),
  })
}

export function optionsApart(): void {
  const options = defineOptions({
    session: cookieSession({ secret, claims: (user: User) => ({ roles: user.roles }) }),
    findUser: (identifier) => users.get(identifier) ?? null,
    onEvent(event, context) {
      exact<Same<typeof event, ConnectEvent>>()
      exact<Same<typeof context, FastifyContext | undefined>>()
    },
    expectedIdentifier(unverified, { request }) {
      exact<Same<typeof unverified, SignedPasskeyClaims>>()
      return request.ip
    },
    logLevel: 'warn',
  })
  exact<Same<typeof options, FastifyConnectOptions<User>>>()
  app.register(corbadoConnect, options)
}

export function wrongOptions(): void {
  const right = { session: cookieSession({ secret }), findUser: (identifier: string) => users.get(identifier) ?? null }
  // @ts-expect-error unknown option
  app.register(corbadoConnect, { ...right, tokenType: ['passkey-list'] })
  // @ts-expect-error unknown option
  defineOptions({ ...right, errors: 'next' })
  // @ts-expect-error no type of connect token
  app.register(corbadoConnect, { ...right, tokenTypes: ['passkey-login', 'passkey-update'] })
  // @ts-expect-error the identifier is missing
  app.register(corbadoConnect, { ...right, findUser: () => ({ name: 'jane' }) })
  // @ts-expect-error findUser is missing
  app.register(corbadoConnect, { session: cookieSession({ secret }) })
  // @ts-expect-error options are needed
  app.register(corbadoConnect)
  // @ts-expect-error misspelt in a nested option
  app.register(corbadoConnect, { ...right, rateLimit: { verify: { max: 1, window: 1 } } })
  // @ts-expect-error unknown option of a strategy
  cookieSession({ secret, ttl: 5 })
}

/** Without `Register` it is what every user has; see register.mts for one's own. */
export async function theDecorator(request: FastifyRequest, reply: FastifyReply, user: User): Promise<void> {
  const { corbadoConnect } = app
  exact<Same<typeof corbadoConnect, CorbadoConnect<ConnectUser>>>()
  const current = corbadoConnect.user(request)
  exact<Same<typeof current, ConnectUser>>()
  const issued = await corbadoConnect.issueConnectToken({ user, type: 'passkey-append' })
  exact<Same<typeof issued, IssuedConnectToken>>()
  const claims = await corbadoConnect.verifyPasskey({ user, signedPasskeyData: '' })
  exact<Same<typeof claims, SignedPasskeyClaims>>()
  const body = await corbadoConnect.signIn({ request, reply }, user)
  exact<Same<typeof body, unknown>>()
}
