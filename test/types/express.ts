// Compiled, never run: what the types of @corbado-connect/express promise.
import {
  accessTokenSession,
  browserOrNative,
  type ConnectEvent,
  type ConnectTokenType,
  type CorbadoConnectRouter,
  cookieSession,
  corbadoConnect,
  defineOptions,
  type ExpressConnectOptions,
  type ExpressContext,
  type Http,
  type SignedPasskeyClaims,
} from '@corbado-connect/express'
import express, { type Request, type RequestHandler, type Response } from 'express'
import { exact, type Same } from './exact.js'

interface User {
  readonly identifier: string
  readonly displayName: string
  readonly roles: readonly string[]
}

declare const users: Map<string, User>
const app = express()
const secret = 'x'.repeat(32)

export function theTenLines(): void {
  app.use(
    corbadoConnect({
      session: cookieSession({ secret: process.env.SESSION_SECRET }),
      findUser: (identifier) => users.get(identifier) ?? null,
    }),
  )
}

export function theUserComesFromFindUser(): void {
  const passkeys = corbadoConnect({
    findUser: async (identifier) => users.get(identifier) ?? null,
    authorizeConnectToken({ user, type }, context) {
      exact<Same<typeof user, User>>()
      exact<Same<typeof type, ConnectTokenType>>()
      exact<Same<typeof context, ExpressContext>>()
      return user.roles.includes('admin')
    },
    session: {
      async getUser(context, findUser) {
        exact<Same<typeof context, ExpressContext>>()
        exact<Same<typeof findUser, (identifier: string) => Promise<User | null>>>()
        return findUser('x')
      },
      createSession({ user, claims }, { req, res, http }) {
        exact<Same<typeof user, User>>()
        exact<Same<typeof claims, SignedPasskeyClaims | undefined>>()
        exact<Same<typeof req, Request>>()
        exact<Same<typeof res, Response>>()
        exact<Same<typeof http, Http>>()
        return { roles: user.roles }
      },
    },
  })
  exact<Same<typeof passkeys, CorbadoConnectRouter<User>>>()
}

/** `session` first, as in the README; the hooks know the user too. */
export function inAnyOrder(): void {
  const hooksFirst = corbadoConnect({
    session: {
      getUser: (_context, findUser) => findUser('x'),
      createSession({ user }, { res }) {
        exact<Same<typeof user, User>>()
        res.json({ roles: user.roles })
      },
    },
    findUser: (identifier: string) => users.get(identifier) ?? null,
  })
  exact<Same<typeof hooksFirst, CorbadoConnectRouter<User>>>()
  const vetoFirst = corbadoConnect({
    authorizeConnectToken: ({ user }) => user.roles.includes('admin'),
    session: cookieSession({ secret }),
    findUser: (identifier: string) => users.get(identifier) ?? null,
  })
  exact<Same<typeof vetoFirst, CorbadoConnectRouter<User>>>()
}

export function readyMadeStrategies(): void {
  const claims = (user: User) => ({ roles: user.roles })
  const withCookie = corbadoConnect({
    session: cookieSession({ secret, claims }),
    findUser: (identifier) => users.get(identifier) ?? null,
  })
  exact<Same<typeof withCookie, CorbadoConnectRouter<User>>>()
  const withBoth = corbadoConnect({
    findUser: (identifier) => users.get(identifier) ?? null,
    session: browserOrNative({
      browser: cookieSession({ secret, claims: (user: User) => ({ roles: user.roles }) }),
      native: accessTokenSession({ secret, claims }),
    }),
  })
  exact<Same<typeof withBoth, CorbadoConnectRouter<User>>>()
}

export function optionsApart(): void {
  const options = defineOptions({
    session: cookieSession({ secret, claims: (user: User) => ({ roles: user.roles }) }),
    findUser: (identifier) => users.get(identifier) ?? null,
    onEvent(event, context) {
      exact<Same<typeof event, ConnectEvent>>()
      exact<Same<typeof context, ExpressContext | undefined>>()
    },
    expectedIdentifier(unverified, { req }) {
      exact<Same<typeof unverified, SignedPasskeyClaims>>()
      return req.path
    },
    errors: 'next',
  })
  exact<Same<typeof options, ExpressConnectOptions<User>>>()
  const passkeys = corbadoConnect(options)
  exact<Same<typeof passkeys, CorbadoConnectRouter<User>>>()
}

export function wrongOptions(): void {
  const right = { session: cookieSession({ secret }), findUser: (identifier: string) => users.get(identifier) ?? null }
  // @ts-expect-error unknown option
  corbadoConnect({ ...right, tokenType: ['passkey-list'] })
  // @ts-expect-error unknown option
  defineOptions({ ...right, logLevel: 'warn' })
  // @ts-expect-error no type of connect token
  corbadoConnect({ ...right, tokenTypes: ['passkey-login', 'passkey-update'] })
  // @ts-expect-error the identifier is missing
  corbadoConnect({ ...right, findUser: () => ({ name: 'jane' }) })
  // @ts-expect-error findUser is missing
  corbadoConnect({ session: cookieSession({ secret }) })
  // @ts-expect-error misspelt in a nested option
  corbadoConnect({ ...right, rateLimit: { verify: { max: 1, window: 1 } } })
}

export function theMembers(passkeys: CorbadoConnectRouter<User>): void {
  const guard: RequestHandler = passkeys.requireUser
  app.get('/me', guard, passkeys.requireAllowedOrigin, (req, res) => {
    const user = passkeys.user(req)
    exact<Same<typeof user, User>>()
    res.json(user)
  })
  app.post('/login', async (req, res) => {
    // @ts-expect-error not the user of this application
    await passkeys.signIn({ req, res }, { identifier: 'jane' })
  })
}
