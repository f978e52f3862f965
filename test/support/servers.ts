import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as express5Adapter from '@corbado-connect/express'
import type { AdapterOptions, HttpContext } from '@corbado-connect/fastify'
import * as fastifyAdapter from '@corbado-connect/fastify'
import type { ErrorRequestHandler, Express, Response } from 'express'
import express5 from 'express'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { loadExpress4 } from './express4.js'
import type { Person } from './people.js'

/** The options of an application under test, which are the same in every framework. */
export type Options = AdapterOptions<Person, HttpContext>

/** What belongs to the application rather than to our options. */
export interface Surroundings {
  /** Which proxies to trust, as the framework takes it. */
  readonly trustProxy?: string | number | boolean
  /** Where the log of the framework goes, line by line. */
  readonly log?: (line: string) => void
  /** The option `errors` of Express. */
  readonly errors?: 'json' | 'next'
  /** An app-wide `express.json()` before our router. */
  readonly jsonFirst?: boolean
  /** An async hook or middleware of the app that runs before our routes. */
  readonly before?: (raw: IncomingMessage) => Promise<void>
  /** Leaves errors to Express's own last handler. */
  readonly withoutErrorHandler?: boolean
  /** A second project in the same application. */
  readonly second?: Options
  /** The address to listen on. */
  readonly host?: string
}

/** A listening application. */
export interface App {
  readonly port: number
  readonly members: Pick<
    fastifyAdapter.Connect<Person, HttpContext>,
    'client' | 'issueConnectToken' | 'verifyPasskey' | 'passkeys' | 'forgetUser'
  > &
    Pick<fastifyAdapter.CorbadoConnect<Person>, 'endSessions'>
  /** What an application does at the end of its life. */
  close(): Promise<void>
}

/** One of the frameworks, as far as the suite has to know them apart. */
export interface Framework {
  readonly name: 'Fastify 5' | 'Express 5' | 'Express 4'
  /** The public surface of its adapter. */
  readonly adapter: typeof fastifyAdapter | typeof express5Adapter
  start(options: Options, surroundings?: Surroundings): Promise<App>
  /** The framework's own response object of a hook's context. */
  responseOf(context: HttpContext): unknown
  /** Sends the response from within a hook, as a user of this framework would. */
  respond(context: HttpContext, statusCode: number, body: object): void
  /** Where `request.corbadoConnect`-like surprises would show: the pair of a hook's context. */
  readonly contextNames: readonly string[]
}

const fastify5: Framework = {
  name: 'Fastify 5',
  adapter: fastifyAdapter,
  contextNames: ['http', 'reply', 'request'],
  async start(options, { trustProxy, log, second, before, host = '127.0.0.1' } = {}) {
    const app = Fastify({
      ...(trustProxy === undefined ? {} : fastifyTrust(trustProxy)),
      ...(log === undefined ? {} : { logger: { level: 'trace', stream: { write: log } } }),
    })
    if (before !== undefined) app.addHook('onRequest', (request) => before(request.raw))
    await app.register(fastifyAdapter.corbadoConnect, options)
    if (second !== undefined) {
      await app.register(async (child) => {
        await child.register(fastifyAdapter.corbadoConnect, second)
      })
    }
    addFastifyRoutes(app)
    await app.listen({ port: 0, host })
    return { port: portOf(app.server.address()), members: app.corbadoConnect, close: () => app.close() }
  },
  responseOf: (context) => replyOf(context),
  respond: (context, statusCode, body) => void replyOf(context).code(statusCode).send(body),
}

/** The types of Fastify 5.12 have no numbers any more, but people still write them. */
function fastifyTrust(trustProxy: string | number | boolean): { trustProxy: string | boolean } {
  return Object.assign({ trustProxy: '' }, { trustProxy })
}

function addFastifyRoutes(app: FastifyInstance): void {
  const { corbadoConnect } = app
  app.post('/login', async (request, reply) => {
    const answer = await corbadoConnect.signIn({ request, reply }, personIn(request.body))
    return reply.send(answer ?? {})
  })
  app.get('/me', { onRequest: [corbadoConnect.requireUser] }, async (request) => corbadoConnect.user(request))
  app.post('/renew', { onRequest: [corbadoConnect.requireAllowedOrigin] }, (request, reply) =>
    corbadoConnect.renewSession({ request, reply }),
  )
  app.post('/logout-as-user', { onRequest: [corbadoConnect.requireUser] }, async (request, reply) => {
    await corbadoConnect.signOut({ request, reply })
    return reply.code(204).send()
  })
  app.post('/logout', { onRequest: [corbadoConnect.requireAllowedOrigin] }, async (request, reply) => {
    await corbadoConnect.signOut({ request, reply })
    return reply.code(204).send()
  })
  app.get('/client-state', async (request) => ({ clientState: corbadoConnect.readClientState(request) ?? null }))
  app.get('/unguarded', async (request) => corbadoConnect.user(request))
}

interface ExpressKind {
  readonly name: 'Express 5' | 'Express 4'
  readonly express: typeof express5
  readonly adapter: typeof express5Adapter
}

function expressFramework({ name, express, adapter }: ExpressKind): Framework {
  return {
    name,
    adapter,
    contextNames: ['http', 'req', 'res'],
    async start(options, surroundings = {}) {
      const { trustProxy, errors, jsonFirst, withoutErrorHandler, second, before, host = '127.0.0.1' } = surroundings
      const app = express()
      if (trustProxy !== undefined) app.set('trust proxy', trustProxy)
      if (jsonFirst === true) app.use(express.json())
      if (before !== undefined) app.use((req, _res, next) => void before(req).then(() => next(), next))
      const router = adapter.corbadoConnect({ ...options, ...(errors === undefined ? {} : { errors }) })
      app.use(router)
      const secondRouter = second === undefined ? undefined : adapter.corbadoConnect(second)
      if (secondRouter !== undefined) app.use(secondRouter)
      addExpressRoutes(app, router, express)
      if (withoutErrorHandler !== true) app.use(router.errorHandler).use(answerLikeFastify)
      const server = app.listen(0, host)
      await new Promise<void>((resolve, reject) => server.once('listening', resolve).once('error', reject))
      return {
        port: portOf(server.address()),
        members: router,
        async close() {
          const closed = new Promise<void>((resolve) => server.close(() => resolve()))
          await Promise.all([router.close(), secondRouter?.close(), closed])
        },
      }
    },
    responseOf: (context) => resOf(context),
    respond: (context, statusCode, body) => void resOf(context).status(statusCode).json(body),
  }
}

function addExpressRoutes(
  app: Express,
  router: express5Adapter.CorbadoConnectRouter<Person>,
  express: typeof express5,
): void {
  app.post('/login', express.json(), (req, res, next) => {
    router.signIn({ req, res }, personIn(req.body)).then((answer) => res.json(answer ?? {}), next)
  })
  app.get('/me', router.requireUser, (req, res) => void res.json(router.user(req)))
  app.post('/renew', router.requireAllowedOrigin, (req, res, next) => {
    router.renewSession({ req, res }).then((answer) => res.json(answer), next)
  })
  app.post('/logout-as-user', router.requireUser, (req, res, next) => {
    router.signOut({ req, res }).then(() => res.status(204).end(), next)
  })
  app.post('/logout', router.requireAllowedOrigin, (req, res, next) => {
    router.signOut({ req, res }).then(() => res.status(204).end(), next)
  })
  app.get('/client-state', (req, res) => void res.json({ clientState: router.readClientState(req) ?? null }))
  app.get('/unguarded', (req, res) => void res.json(router.user(req)))
}

/** The shape that Fastify gives an error, so that what goes to the app's own handler can be compared too. */
const answerLikeFastify: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent || !(error instanceof Error)) return next(error)
  const statusCode = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500
  if ('headers' in error && typeof error.headers === 'object') res.set(error.headers)
  const code = 'code' in error ? { code: error.code } : {}
  res.status(statusCode).set('content-type', 'application/json; charset=utf-8')
  res.end(JSON.stringify({ statusCode, ...code, error: STATUS_CODES[statusCode], message: error.message }))
}

function personIn(body: unknown): Person {
  if (typeof body !== 'object' || body === null || !('identifier' in body)) throw new Error('No identifier')
  return { identifier: String(body.identifier) }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server does not listen')
  return address.port
}

function replyOf(context: HttpContext): FastifyReply {
  if (isFastify(context)) return context.reply
  throw new Error('No context of Fastify')
}

function resOf(context: HttpContext): Response {
  if (isExpress(context)) return context.res
  throw new Error('No context of Express')
}

function isFastify(context: HttpContext): context is fastifyAdapter.FastifyContext {
  return 'reply' in context
}

function isExpress(context: HttpContext): context is express5Adapter.ExpressContext {
  return 'res' in context
}

/** Express 4, and the adapter that runs on it. */
export const express4 = await loadExpress4()

/** All that the suite runs on. */
export const frameworks: readonly Framework[] = [
  fastify5,
  expressFramework({ name: 'Express 5', express: express5, adapter: express5Adapter }),
  expressFramework({ name: 'Express 4', ...express4 }),
]
