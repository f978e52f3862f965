import { mkdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cookieSession, corbadoConnect, type FastifyConnectOptions } from '@corbado-connect/fastify'
import fastifyAutoload from '@fastify/autoload'
import fastifySwagger from '@fastify/swagger'
import Fastify, { type FastifyInstance } from 'fastify'
import t from 'tap'
import { isRecord, Page } from './browser.js'
import {
  connectTokenPath,
  findUser,
  jane,
  ken,
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

t.test('metadata of the plugin', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const project = await startProject(t)
  await app.register(corbadoConnect, optionsFor(project))
  t.ok(app.hasPlugin('@corbado-connect/fastify'), 'the name')
  const metadata = Object.getOwnPropertySymbols(corbadoConnect).map((symbol) => Reflect.get(corbadoConnect, symbol))
  t.ok(
    metadata.some((value) => isRecord(value) && value.fastify === '5.x'),
    'the version of Fastify',
  )
})

t.test('every way to register it', async (t) => {
  const project = await startProject(t)
  const options = optionsFor(project)
  const folder = join(t.testdir(), 'plugins')
  await mkdir(folder)
  await writeFile(
    join(folder, 'auth.mjs'),
    `export { default } from ${JSON.stringify(import.meta.resolve('@corbado-connect/fastify'))}`,
  )
  const require = createRequire(import.meta.url)
  const ways: [name: string, register: (app: FastifyInstance) => unknown][] = [
    ['the named import', (app) => app.register(corbadoConnect, options)],
    ['import()', (app) => app.register(import('@corbado-connect/fastify'), options)],
    ['require()', (app) => app.register(require('@corbado-connect/fastify'), options)],
    ['require().corbadoConnect', (app) => app.register(require('@corbado-connect/fastify').corbadoConnect, options)],
    ['@fastify/autoload', (app) => app.register(fastifyAutoload, { dir: folder, options })],
  ]
  for (const [name, register] of ways) {
    await t.test(name, async (t) => {
      const app = Fastify()
      register(app)
      const page = new Page(await listen(t, app))
      const login = { signedPasskeyData: await project.corbado.signIn(jane.identifier) }
      t.match(await page.post(verifyPath, login), { status: 200, json: { success: true } })
      t.type(app.corbadoConnect.requireUser, 'function')
    })
  }
})

t.test('one decorator is all that it adds', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  const own = () => Reflect.ownKeys(app).map(String).sort()
  const before = own()
  const project = await startProject(t)
  await app.register(corbadoConnect, optionsFor(project))
  await app.ready()
  t.strictSame(
    own().filter((key) => !before.includes(key)),
    ['corbadoConnect'],
  )
  for (const name of ['cookies', 'session', 'rateLimit']) t.notOk(app.hasRequestDecorator(name), `no request.${name}`)
  for (const name of ['setCookie', 'cookie', 'clearCookie']) t.notOk(app.hasReplyDecorator(name), `no reply.${name}`)
  for (const name of ['rateLimit', 'createRateLimit', 'parseCookie', 'serializeCookie']) {
    t.notOk(app.hasDecorator(name), `no app.${name}`)
  }
  t.ok(app.hasContentTypeParser('text/plain'), 'its parsers are there')
  t.notOk(app.hasContentTypeParser('*'), 'and ours are not')
})

t.test('a second registration in the same context fails and says why', async (t) => {
  const project = await startProject(t)
  const app = Fastify()
  t.teardown(() => app.close().catch(() => {}))
  await app.register(corbadoConnect, optionsFor(project))
  const again = (async () => {
    await app.register(corbadoConnect, optionsFor(project))
  })()
  await t.rejects(again, { code: 'FST_ERR_DEC_ALREADY_PRESENT', message: /corbadoConnect/ })
})

t.test('wrong options fail when the app starts, by their names', async (t) => {
  const project = await startProject(t)
  for (const [wrong, message] of [
    [{ findUsers: findUser }, /unknown option "findUsers"/],
    [{ prefix: 'auth' }, /^corbadoConnect: `prefix` must be/],
    [{ tokenTypes: ['passkey-login'] as const }, /`tokenTypes`.*authorizeConnectToken/],
  ] as const) {
    const app = Fastify()
    t.teardown(() => app.close().catch(() => {}))
    app.register(corbadoConnect, { ...optionsFor(project), ...wrong })
    await t.rejects(async () => app.ready(), { name: 'TypeError', message })
  }
})

t.test('prefix, and the prefix of a child context', async (t) => {
  const project = await startProject(t)
  const app = Fastify()
  await app.register(
    async (child) => {
      await child.register(corbadoConnect, {
        ...optionsFor(project),
        prefix: '/passkeys',
        routes: { verify: '/login' },
      })
      child.get('/me', { onRequest: [child.corbadoConnect.requireUser] }, (request) =>
        child.corbadoConnect.user(request),
      )
    },
    { prefix: '/tenant' },
  )
  const page = new Page(await listen(t, app))

  const login = { signedPasskeyData: await project.corbado.signIn(jane.identifier) }
  t.equal((await page.post('/passkeys/login', login)).status, 404)
  t.equal((await page.post('/tenant/passkeys/login', login)).status, 200)
  t.equal((await page.post('/tenant/passkeys/createConnectToken', { type: 'passkey-list' })).status, 200)
  t.strictSame((await page.get('/tenant/me')).json, jane)
  t.notOk('corbadoConnect' in app, 'nothing outside of the child context')
})

t.test('two projects share nothing', async (t) => {
  const first = await startProject(t, { projectId: 'pro-1111' })
  const second = await startProject(t, { projectId: 'pro-2222' })
  const rateLimit = { verify: { max: 2, windowMs: 60_000 } }
  const app = Fastify()
  await app.register(corbadoConnect, { ...optionsFor(first), rateLimit })
  app.get('/me', { onRequest: [app.corbadoConnect.requireUser] }, (request) => app.corbadoConnect.user(request))
  await app.register(
    async (child) => {
      await child.register(corbadoConnect, {
        ...optionsFor(second),
        session: cookieSession({ secret, cookieName: 'second', issuer: 'second' }),
        rateLimit,
      })
      child.get('/me', { onRequest: [child.corbadoConnect.requireUser] }, (request) =>
        child.corbadoConnect.user(request),
      )
    },
    { prefix: '/second' },
  )
  const page = new Page(await listen(t, app))

  const janesLogin = { signedPasskeyData: await first.corbado.signIn(jane.identifier) }
  t.match((await page.post(`/second${verifyPath}`, janesLogin)).json, { code: 'CORBADO_PASSKEY_REJECTED' })
  t.equal(second.corbado.count(), 0, 'a login of the first project does not even reach the second')
  t.equal((await page.post(verifyPath, janesLogin)).status, 200)
  t.equal((await page.get('/second/me')).status, 401, 'its session is none of the second')
  t.equal(
    (await page.post(`/second${verifyPath}`, { signedPasskeyData: await second.corbado.signIn(ken.identifier) }))
      .status,
    200,
  )
  t.strictSame((await page.get('/me')).json, jane)
  t.strictSame((await page.get('/second/me')).json, ken)
  t.strictSame([...page.cookies.keys()], ['__Host-corbado_connect_session', '__Host-second'])
  t.equal((await page.post(`/second${verifyPath}`, {})).status, 429, 'the second counted two')
  t.equal((await page.post(verifyPath, {})).status, 400, 'the first only one')
})

t.test('the OpenAPI document of @fastify/swagger', async (t) => {
  const project = await startProject(t)
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(fastifySwagger, { openapi: { info: { title: 'app', version: '1' } } })
  await app.register(corbadoConnect, optionsFor(project))
  await app.ready()
  const paths = app.swagger().paths ?? {}
  const errors = ['400', '401', '403', '409', '413', '415', '429', '500', '502', '503', '504']
  for (const [path, summary, property, successes] of [
    [connectTokenPath, /connect token/, 'type', ['200']],
    [verifyPath, /passkey login/, 'signedPasskeyData', ['200', '204']],
  ] as const) {
    const operation: unknown = paths[path]?.post
    t.match(operation, {
      summary,
      tags: ['passkeys'],
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { required: [property], properties: { [property]: {} } } } },
      },
    })
    const responses = isRecord(operation) && isRecord(operation.responses) ? operation.responses : {}
    t.strictSame(Object.keys(responses), [...successes, ...errors])
    for (const status of errors) {
      t.match(responses[status], {
        content: { 'application/json': { schema: { required: ['statusCode', 'code', 'error', 'message'] } } },
      })
    }
  }
})
