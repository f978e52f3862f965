import { cookieSession, corbadoConnect, type FastifyConnectOptions, refuse } from '@corbado-connect/fastify'
import fastifyCookie from '@fastify/cookie'
import fastifyRateLimit from '@fastify/rate-limit'
import fastifySwagger from '@fastify/swagger'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { type Answer, Page, setCookies } from './browser.js'
import {
  connectTokenPath,
  findUser,
  jane,
  listen,
  type Project,
  secret,
  startProject,
  type User,
  verifyPath,
} from './project.js'

const optionsFor = ({ client }: Project): FastifyConnectOptions<User> => ({
  session: cookieSession({ secret }),
  findUser,
  client,
})

/** A passkey login and a connect token by its session: the whole of what must still work. */
async function bothFlows(page: Page, { corbado }: Project): Promise<{ login: Answer; token: Answer }> {
  const login = await page.post(verifyPath, { signedPasskeyData: await corbado.signIn(jane.identifier) })
  const token = await page.post(connectTokenPath, { type: 'passkey-append' })
  return { login, token }
}

function assertBothFlows(t: Test, { login, token }: { login: Answer; token: Answer }): void {
  t.equal(login.status, 200)
  t.strictSame(login.json, { success: true })
  t.equal(login.headers['cache-control'], 'no-store')
  t.match(setCookies(login).join(), /__Host-corbado_connect_session=[^;]+; Max-Age=3600; Path=\/; HttpOnly; Secure/)
  t.equal(token.status, 200)
  t.match(token.json, { connectToken: /^ctk1_/, expiresAt: Number })
}

/** The app's neighbour once registered before us, and once after. */
const orders = ['before', 'after'] as const

async function inOrder(order: (typeof orders)[number], neighbour: () => unknown, ours: () => unknown): Promise<void> {
  for (const register of order === 'before' ? [neighbour, ours] : [ours, neighbour]) await register()
}

t.test('zod as the type provider of the app', async (t) => {
  for (const order of orders) {
    const project = await startProject(t)
    const app = Fastify()
    await app.register(fastifySwagger, {
      openapi: { info: { title: 'app', version: '1' } },
      // zod's transform takes zod schemas alone, as for every plugin that has JSON schemas
      transform: (document) => (document.url.startsWith('/auth/') ? document : jsonSchemaTransform(document)),
    })
    await inOrder(
      order,
      () => {
        app.setValidatorCompiler(validatorCompiler)
        app.setSerializerCompiler(serializerCompiler)
      },
      () => app.register(corbadoConnect, optionsFor(project)),
    )
    app.withTypeProvider<ZodTypeProvider>().route({
      method: 'POST',
      url: '/double',
      schema: { body: z.object({ value: z.number() }), response: { 200: z.object({ doubled: z.number() }) } },
      handler: (request) => ({ doubled: request.body.value * 2 }),
    })
    const page = new Page(await listen(t, app))

    assertBothFlows(t, await bothFlows(page, project))
    t.strictSame((await page.post('/double', { value: 21 })).json, { doubled: 42 }, 'zod serves the app')
    t.equal((await page.post('/double', { value: 'x' })).status, 400, 'and refuses for it')
    t.equal((await page.post(connectTokenPath, { type: 7 })).json.code, 'CORBADO_INVALID_REQUEST')
    t.hasProps(app.swagger().paths ?? {}, ['/double', connectTokenPath, verifyPath])
  }
})

t.test('@fastify/cookie of the app, with another secret and options of its own', async (t) => {
  for (const order of orders) {
    const project = await startProject(t)
    const app = Fastify()
    await inOrder(
      order,
      () =>
        app.register(fastifyCookie, {
          secret: 'the secret of the app alone',
          parseOptions: { domain: 'app.example', path: '/app', sameSite: 'strict', maxAge: 5 },
        }),
      () => app.register(corbadoConnect, optionsFor(project)),
    )
    app.get('/signed', (request, reply) => {
      const { valid, value } = request.unsignCookie(request.cookies.visits ?? '')
      return reply.setCookie('visits', '1', { signed: true }).send({ valid, value })
    })
    const page = new Page(await listen(t, app))

    assertBothFlows(t, await bothFlows(page, project))
    const first = await page.get('/signed')
    t.match(setCookies(first), [/^visits=1\..+; Max-Age=5; Domain=app\.example; Path=\/app; SameSite=Strict/])
    t.strictSame(
      (await page.get('/signed')).json,
      { valid: true, value: '1' },
      'signed and read by the secret of the app',
    )
    t.notMatch(setCookies(await page.post('/auth/verifySignedPasskeyData', {})).join(), /__Host-/)
  }
})

t.test('cookies of the app and ours arrive both', async (t) => {
  const project = await startProject(t)
  const app = Fastify()
  await app.register(fastifyCookie)
  app.addHook('onRequest', async (_request, reply) => {
    reply.setCookie('from_hook', '1').header('set-cookie', 'raw=2')
  })
  app.addHook('onSend', async (_request, reply) => {
    reply.setCookie('from_onsend', '3')
  })
  await app.register(corbadoConnect, { ...optionsFor(project), clientState: true })
  const page = new Page(await listen(t, app))

  await page.post(verifyPath, { signedPasskeyData: await project.corbado.signIn(jane.identifier), clientState: 'abc' })
  t.strictSame([...page.cookies.keys()].sort(), [
    '__Host-cbo_client_state',
    '__Host-corbado_connect_session',
    'from_hook',
    'from_onsend',
    'raw',
  ])
})

t.test('@fastify/rate-limit of the app, for all routes', async (t) => {
  const limited = { global: true, max: 4, timeWindow: 60_000 }
  const rateLimit = {
    connectToken: { max: 1, windowMs: 60_000 },
    verify: { max: 100, windowMs: 60_000 },
  }
  await t.test('registered before: it counts our routes too, and its refusal stays its own', async (t) => {
    const project = await startProject(t)
    const app = Fastify()
    await app.register(fastifyRateLimit, limited)
    await app.register(corbadoConnect, { ...optionsFor(project), rateLimit })
    const page = new Page(await listen(t, app))

    const { login, token } = await bothFlows(page, project)
    assertBothFlows(t, { login, token })
    t.equal(token.headers['x-ratelimit-limit'], '4', 'the header is the one of the app')
    const ours = await page.post(connectTokenPath, { type: 'passkey-list' })
    t.match([ours.status, ours.json.code], [429, 'CORBADO_RATE_LIMITED'], 'our own limit of one stands')
    t.match(ours.headers['retry-after'], /^\d+$/)
    await page.post(connectTokenPath, {})
    const theirs = await page.post(verifyPath, {})
    t.match(theirs, { status: 429, headers: { 'cache-control': 'no-store' } })
    t.match(theirs.json, { statusCode: 429, error: 'Too Many Requests', message: /^Rate limit exceeded/ })
  })
  await t.test('registered after: it counts the routes of the app, we count ours', async (t) => {
    const project = await startProject(t)
    const app = Fastify()
    await app.register(corbadoConnect, { ...optionsFor(project), rateLimit })
    await app.register(fastifyRateLimit, { ...limited, max: 1 })
    app.get('/', () => 'hello')
    const page = new Page(await listen(t, app))

    const flows = await bothFlows(page, project)
    assertBothFlows(t, flows)
    t.notOk(flows.token.headers['x-ratelimit-limit'], 'none of its headers on our routes')
    t.equal((await page.post(connectTokenPath, {})).json.code, 'CORBADO_RATE_LIMITED')
    t.equal((await page.get('/')).status, 200)
    t.equal((await page.get('/')).status, 429)
  })
})

t.test('content-type parsers of the app', async (t) => {
  for (const order of orders) {
    const project = await startProject(t)
    const app = Fastify()
    await inOrder(
      order,
      () => {
        app.removeContentTypeParser('application/json')
        app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) =>
          done(null, { parsedByTheApp: String(text).length }),
        )
        app.addContentTypeParser('*', (_request, _payload, done) => done(null, 'anything'))
      },
      () => app.register(corbadoConnect, optionsFor(project)),
    )
    app.post('/echo', (request) => ({ body: request.body }))
    const page = new Page(await listen(t, app))

    assertBothFlows(t, await bothFlows(page, project))
    t.strictSame((await page.post('/echo', [1])).json, { body: { parsedByTheApp: 3 } })
    t.strictSame((await page.post('/echo', 'x', { 'content-type': 'text/csv' })).json, { body: 'anything' })
    const csv = await page.post(verifyPath, 'x', { 'content-type': 'text/csv' })
    t.match([csv.status, csv.json.code], [415, 'CORBADO_UNSUPPORTED_MEDIA_TYPE'])
  }
})

t.test('the error handler of the app sees our errors, and our headers survive it', async (t) => {
  for (const order of orders) {
    const project = await startProject(t)
    const app = Fastify()
    const seen: { code: string; statusCode: number | undefined }[] = []
    await inOrder(
      order,
      () =>
        app.setErrorHandler((error: FastifyError, _request, reply) => {
          seen.push({ code: error.code, statusCode: error.statusCode })
          return reply.code(error.statusCode ?? 500).send({ problem: error.code })
        }),
      // Awaited: the routes of a plugin otherwise keep the handler that it found.
      async () => {
        await app.register(corbadoConnect, {
          ...optionsFor(project),
          rateLimit: { connectToken: { max: 1, windowMs: 30_000 } },
        })
      },
    )
    const page = new Page(await listen(t, app))

    const refused = await page.post(connectTokenPath, {})
    t.match(refused, { status: 401, json: { problem: 'CORBADO_NOT_AUTHENTICATED' } }, `a handler set ${order} us`)
    t.equal(refused.headers['cache-control'], 'no-store')
    const limited = await page.post(connectTokenPath, {})
    t.match(limited, { status: 429, json: { problem: 'CORBADO_RATE_LIMITED' } })
    t.equal(limited.headers['cache-control'], 'no-store')
    t.match(limited.headers['retry-after'], /^(29|30)$/)
    const tooLarge = await page.post(verifyPath, { signedPasskeyData: 'x'.repeat(17_000) })
    t.match(tooLarge, { status: 413, json: { problem: 'CORBADO_PAYLOAD_TOO_LARGE' } })
    t.strictSame(seen, [
      { code: 'CORBADO_NOT_AUTHENTICATED', statusCode: 401 },
      { code: 'CORBADO_RATE_LIMITED', statusCode: 429 },
      { code: 'CORBADO_PAYLOAD_TOO_LARGE', statusCode: 413 },
    ])
  }
})

class Refusal extends Error {
  readonly code = 'ACCOUNT_SUSPENDED'
  readonly statusCode: number
  constructor(statusCode: number) {
    super('This account is suspended.')
    this.statusCode = statusCode
  }
}

const suspended = {
  code: 'ACCOUNT_SUSPENDED',
  error: 'Forbidden',
  message: 'This account is suspended.',
  statusCode: 403,
}

t.test('refusals of the app itself go through unchanged', async (t) => {
  const withApp = async (t: Test, prepare: (app: FastifyInstance) => void, session = {}) => {
    const project = await startProject(t)
    const app = Fastify()
    prepare(app)
    await app.register(corbadoConnect, {
      ...optionsFor(project),
      session: { ...cookieSession({ secret }), ...session },
    })
    return new Page(await listen(t, app))
  }
  await t.test('thrown by a session hook', async (t) => {
    const getUser = () => {
      throw refuse(403, 'This account is suspended.', 'ACCOUNT_SUSPENDED')
    }
    const page = await withApp(t, () => {}, { getUser })
    const answer = await page.post(connectTokenPath, { type: 'passkey-list' })
    t.equal(answer.status, 403)
    t.strictSame(answer.json, suspended, 'with code and message')
    t.equal(answer.headers['cache-control'], 'no-store')
  })
  for (const hook of ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const) {
    await t.test(`thrown by a hook ${hook} of the app`, async (t) => {
      const page = await withApp(t, (app) => {
        app.addHook(hook, async () => {
          throw new Refusal(403)
        })
      })
      const answer = await page.post(verifyPath, { signedPasskeyData: 'x.y.z' })
      t.equal(answer.status, 403)
      t.strictSame(answer.json, suspended)
    })
  }
  for (const hook of ['onRequest', 'preParsing', 'preHandler'] as const) {
    await t.test(`a hook ${hook} of the app that breaks is no failure of ours`, async (t) => {
      const page = await withApp(t, (app) => {
        app.addHook(hook, async () => {
          throw new Error('a defect of the app')
        })
      })
      const { status, json } = await page.post(verifyPath, { signedPasskeyData: 'x.y.z' })
      t.match({ status, json }, { status: 500, json: { message: 'a defect of the app' } })
      t.notOk('code' in json)
    })
  }
  await t.test('with a number as its code', async (t) => {
    const page = await withApp(t, (app) => {
      app.addHook('preHandler', async () => {
        throw Object.assign(new Error('No credit.'), { statusCode: 402, code: 1001 })
      })
    })
    const { status, json } = await page.post(verifyPath, { signedPasskeyData: 'x.y.z' })
    t.match({ status, json }, { status: 402, json: { code: 1001, message: 'No credit.' } })
  })
  await t.test('sent by a hook of the app', async (t) => {
    const page = await withApp(t, (app) => {
      app.addHook('onRequest', async (_request, reply) => reply.code(503).send({ maintenance: true }))
    })
    t.match(await page.post(verifyPath, {}), { status: 503, json: { maintenance: true } })
  })
})

t.test('the not-found handler of the app', async (t) => {
  const project = await startProject(t)
  const app = Fastify()
  app.setNotFoundHandler(async (_request, reply) => {
    await new Promise(setImmediate)
    reply.code(404)
    return { lost: true }
  })
  await app.register(corbadoConnect, optionsFor(project))
  const page = new Page(await listen(t, app))

  t.match(await page.get(connectTokenPath), { status: 404, json: { lost: true } })
  t.match(await page.post('/auth/create%43onnectToken', {}), { status: 404, json: { lost: true } })
  assertBothFlows(t, await bothFlows(page, project))
})
