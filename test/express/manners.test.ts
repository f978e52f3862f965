import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  type ConnectEvent,
  type CorbadoConnectRouter,
  CorbadoError,
  cookieSession,
  corbadoConnect,
  type ExpressConnectOptions,
  isCorbadoError,
  refuse,
} from '@corbado-connect/express'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import t, { type Test } from 'tap'
import { Page, send, setCookies } from '../fastify/browser.js'
import {
  connectTokenPath,
  findUser,
  jane,
  listenExpress,
  type Project,
  secret,
  startProject,
  type User,
  verifyPath,
} from '../fastify/project.js'

interface Served {
  readonly page: Page
  readonly project: Project
  readonly passkeys: CorbadoConnectRouter<User>
}

/** An app with our router; `mount` puts it where the test wants it. */
async function serve(
  t: Test,
  mount: (app: Express, passkeys: CorbadoConnectRouter<User>) => void,
  options: Partial<ExpressConnectOptions<User>> = {},
): Promise<Served> {
  const project = await startProject(t)
  const passkeys = corbadoConnect<User>({
    session: cookieSession({ secret }),
    findUser,
    client: project.client,
    onEvent: () => {},
    ...options,
  })
  const app = express()
  mount(app, passkeys)
  return { page: new Page(await listenExpress(t, app, passkeys)), project, passkeys }
}

async function assertBothFlows(t: Test, { page, project }: Served, mountPath = ''): Promise<void> {
  const signedPasskeyData = await project.corbado.signIn(jane.identifier)
  const login = await page.post(mountPath + verifyPath, { signedPasskeyData })
  t.match(login, { status: 200, json: { success: true }, headers: { 'cache-control': 'no-store' } })
  const token = await page.post(mountPath + connectTokenPath, { type: 'passkey-append' })
  t.match(token, { status: 200, json: { connectToken: /^ctk1_/, expiresAt: Number } })
}

/** Keeps what comes to the error handler of the app, and answers in the app's own way. */
function appErrors(): { handler: ErrorRequestHandler; seen: unknown[] } {
  const seen: unknown[] = []
  const handler: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    seen.push(error)
    const statusCode = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
    res.status(statusCode).json({ problem: isCorbadoError(error) ? error.code : String(error) })
  }
  return { handler, seen }
}

t.test('where the router is mounted', async (t) => {
  await t.test('first', async (t) => {
    await assertBothFlows(t, await serve(t, (app, passkeys) => app.use(passkeys).use(express.json())))
  })
  await t.test('behind parsers of the app', async (t) => {
    for (const parser of [
      express.json(),
      express.urlencoded({ extended: true }),
      express.text({ type: '*/*' }),
      express.raw({ type: '*/*' }),
    ]) {
      const served = await serve(t, (app, passkeys) => app.use(parser).use(passkeys))
      await assertBothFlows(t, served)
      const form = await served.page.post(verifyPath, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' })
      t.match([form.status, form.json.code], [415, 'CORBADO_UNSUPPORTED_MEDIA_TYPE'])
    }
  })
  await t.test('behind a parser of the app that takes more than we do', async (t) => {
    const { page, project } = await serve(t, (app, passkeys) => app.use(express.json()).use(passkeys))
    const body = { signedPasskeyData: await project.corbado.signIn(jane.identifier), padding: 'x'.repeat(17_000) }
    const tooLarge = await page.post(verifyPath, body)
    t.match([tooLarge.status, tooLarge.json.code], [413, 'CORBADO_PAYLOAD_TOO_LARGE'])
  })
  await t.test('under a path, with a prefix', async (t) => {
    const mount = (app: Express, passkeys: CorbadoConnectRouter<User>) => app.use('/api/v1', passkeys)
    const served = await serve(t, mount)
    await assertBothFlows(t, served, '/api/v1')
    t.equal((await served.page.post(verifyPath, {})).status, 404)
    const renamed = await serve(t, mount, { prefix: '', routes: { verify: '/login', connectToken: false } })
    const login = { signedPasskeyData: await renamed.project.corbado.signIn(jane.identifier) }
    t.equal((await renamed.page.post('/api/v1/login', login)).status, 200)
    t.equal((await renamed.page.post('/api/v1/createConnectToken', {})).status, 404, 'left out')
  })
  await t.test('everything else passes through it', async (t) => {
    const { page } = await serve(t, (app, passkeys) => {
      app.use(passkeys)
      app.all('/{*path}', (req, res) => void res.json({ method: req.method, path: req.path }))
    })
    t.strictSame((await page.get(connectTokenPath)).json, { method: 'GET', path: connectTokenPath })
    t.strictSame((await page.post(`${verifyPath}/`)).json, { method: 'POST', path: `${verifyPath}/` })
  })
})

t.test('errors that are not ours go to next', async (t) => {
  const { handler, seen } = appErrors()
  const refusal = refuse(403, 'suspended')
  const { page } = await serve(t, (app, passkeys) => app.use(passkeys).use(handler), {
    session: {
      getUser: () => {
        throw refusal
      },
      createSession: () => {},
    },
  })
  const answer = await page.post(connectTokenPath, { type: 'passkey-list' })
  t.match(answer, { status: 403, json: { problem: 'Error: suspended' }, headers: { 'cache-control': 'no-store' } })
  t.equal(seen[0], refusal, 'as they are')
  const ours = await page.post(verifyPath, {})
  t.match(ours, { status: 400, json: { code: 'CORBADO_INVALID_REQUEST' } }, 'ours are answered by the router')
  t.equal(seen.length, 1)
})

t.test("errors: 'next' hands ours to the app too, and our headers survive", async (t) => {
  const { handler, seen } = appErrors()
  const rateLimit = { connectToken: { max: 1, windowMs: 30_000 } }
  const mount = (app: Express, passkeys: CorbadoConnectRouter<User>) => {
    app.use(passkeys)
    app.get('/me', passkeys.requireUser, (req, res) => void res.json(passkeys.user(req)))
    app.use(handler)
  }
  const { page } = await serve(t, mount, { errors: 'next', rateLimit })
  t.match(await page.post(connectTokenPath, {}), {
    status: 401,
    json: { problem: 'CORBADO_NOT_AUTHENTICATED' },
    headers: { 'cache-control': 'no-store' },
  })
  t.match(await page.post(connectTokenPath, {}), {
    status: 429,
    json: { problem: 'CORBADO_RATE_LIMITED' },
    headers: { 'cache-control': 'no-store', 'retry-after': /^(29|30)$/ },
  })
  t.match(await page.get('/me'), { status: 401, json: { problem: 'CORBADO_NOT_AUTHENTICATED' } })
  t.ok(seen.every(isCorbadoError))
  t.equal(seen.length, 3)

  const plain = await serve(t, mount)
  t.match((await plain.page.get('/me')).json, { statusCode: 401, code: 'CORBADO_NOT_AUTHENTICATED' }, 'by default JSON')
  t.equal(seen.length, 3)
})

t.test('errorHandler answers our errors in routes of the app, and passes all others on', async (t) => {
  const { handler, seen } = appErrors()
  const logged = t.capture(console, 'error')
  for (const errors of ['json', 'next'] as const) {
    const mount = (app: Express, auth: CorbadoConnectRouter<User>) => {
      app.use(auth)
      app.get('/user', (req, res) => void res.json(auth.user(req)))
      app.post('/login', (req, res, next) => {
        auth.signIn({ req, res }, { ...jane, identifier: '' }).then(() => res.end(), next)
      })
      app.get('/defect', () => {
        throw new Error('a defect of the app')
      })
      app.get('/late', (_req, res) => {
        res.write('half')
        throw new CorbadoError('NOT_AUTHENTICATED')
      })
      app.use(auth.errorHandler).use(handler)
    }
    const { page } = await serve(t, mount, { errors })
    logged()
    const user = await page.get('/user')
    t.match(user, {
      status: 401,
      json: { statusCode: 401, code: 'CORBADO_NOT_AUTHENTICATED', error: 'Unauthorized', message: 'Sign in first.' },
      headers: { 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' },
    })
    t.strictSame(logged(), [], 'a refusal is not logged')
    t.match(await page.post('/login'), { status: 500, json: { code: /^CORBADO_/ } })
    t.equal(logged().length, 1, 'a failure is logged, because it has no event')
    const refused = await page.post(verifyPath, {})
    t.match([refused.status, refused.json.code], [400, 'CORBADO_INVALID_REQUEST'], 'errors of our routes too')
    t.strictSame(seen, [])
    t.match(await page.get('/defect'), { status: 500, json: { problem: 'Error: a defect of the app' } })
    t.equal(seen.splice(0).length, 1)
    await page.get('/late').catch(() => {})
    t.match(seen.splice(0), [{ code: 'CORBADO_NOT_AUTHENTICATED' }], 'half an answer is left to Express')
  }
})

t.test('the default export', async (t) => {
  const { default: byDefault } = await import('@corbado-connect/express')
  t.equal(byDefault, corbadoConnect)
})

t.test('a mount path with parameters', async (t) => {
  const tenants: unknown[] = []
  const { page, project } = await serve(t, (app, auth) => app.use('/:region', auth), {
    prefix: '/:tenant/auth',
    session: {
      getUser: () => null,
      createSession: (_login, { req }) => void tenants.push({ ...req.params }),
    },
  })
  const login = { signedPasskeyData: await project.corbado.signIn(jane.identifier) }
  t.equal((await page.post(`/eu/acme${verifyPath}`, login)).status, 204)
  t.strictSame(tenants, [{ region: 'eu', tenant: 'acme' }])
})

t.test('while the router closes, answers of the app end their connections too', async (t) => {
  const { client } = await startProject(t)
  const auth = corbadoConnect<User>({ session: cookieSession({ secret }), findUser, client })
  const app = express().use(auth)
  app.get('/', (_req, res) => void res.end())
  const url = await listenExpress(t, app, auth)
  const connection = async () => (await fetch(url)).headers.get('connection')
  t.equal(await connection(), 'keep-alive')
  await auth.close()
  t.equal(await connection(), 'close')
})

t.test('wrong options are TypeErrors at the call', async (t) => {
  const { client } = await startProject(t)
  const right = { session: cookieSession({ secret }), findUser, client }
  const wrong = (options: object) => () => corbadoConnect({ ...right, ...options })
  t.throws(wrong({ error: 'next' }), { name: 'TypeError', message: /unknown option "error"/ })
  t.throws(wrong({ errors: 'html' }), { name: 'TypeError', message: /^corbadoConnect: `errors` must be/ })
  t.throws(wrong({ logLevel: 'info' }), { name: 'TypeError', message: /unknown option "logLevel"/ })
  t.throws(wrong({ tokenTypes: ['passkey-login'] }), { name: 'TypeError', message: /`tokenTypes`/ })
})

t.test('Set-Cookie is appended, never replaced', async (t) => {
  const before: RequestHandler = (_req, res, next) => {
    res.cookie('theme', 'dark')
    next()
  }
  const { page, project } = await serve(t, (app, passkeys) => app.use(before).use(passkeys), { clientState: true })
  const login = await page.post(verifyPath, {
    signedPasskeyData: await project.corbado.signIn(jane.identifier),
    clientState: 'opaque',
  })
  t.strictSame(
    setCookies(login).map((line) => line.split('=', 1)[0]),
    ['theme', '__Host-corbado_connect_session', '__Host-cbo_client_state'],
  )
})

t.test('the members of the router serve the rest of the app', async (t) => {
  const { page, passkeys, project } = await serve(
    t,
    (app, passkeys) => {
      app.use(passkeys)
      app.post('/login', async (req, res) => void res.json(await passkeys.signIn({ req, res }, jane)))
      app.post('/logout', passkeys.requireAllowedOrigin, async (req, res) => {
        await passkeys.signOut({ req, res })
        res.end()
      })
      app.get('/me', passkeys.requireUser, (req, res) => {
        const { displayName }: User = passkeys.user(req)
        res.json({ displayName, clientState: passkeys.readClientState(req) })
      })
    },
    { clientState: true },
  )
  t.equal((await page.get('/me')).status, 401)
  t.strictSame((await page.post('/login')).json, { success: true })
  page.cookies.set('__Host-cbo_client_state', 'opaque')
  t.strictSame((await page.get('/me')).json, { displayName: 'Jane Doe', clientState: 'opaque' })
  t.match(await passkeys.issueConnectToken({ user: jane, type: 'passkey-list' }), { connectToken: /^ctk1_/ })
  t.equal(project.corbado.count({ route: 'connectTokens.create' }), 1)
  const foreign = await page.post('/logout', undefined, {
    origin: 'https://evil.example',
    'sec-fetch-site': 'cross-site',
  })
  t.match([foreign.status, foreign.json.code], [403, 'CORBADO_ORIGIN_NOT_ALLOWED'])
  t.equal((await page.get('/me')).status, 200)
  t.equal((await page.post('/logout')).status, 200)
  t.equal((await page.get('/me')).status, 401)
})

t.test('a rate limiter of the app keeps its own count', async (t) => {
  let hits = 0
  const limiter: RequestHandler = (req, res, next) => {
    Reflect.set(req, 'rateLimit', { used: ++hits })
    res.set('ratelimit-remaining', String(5 - hits))
    if (hits > 5) res.status(429).json({ limitedBy: 'the app' })
    else next()
  }
  const { page } = await serve(t, (app, passkeys) => app.use(limiter).use(passkeys), {
    rateLimit: { verify: { max: 2, windowMs: 60_000 } },
  })
  const answers = []
  for (let n = 0; n < 6; n++) answers.push(await page.post(verifyPath, {}))
  t.strictSame(
    answers.map(({ status, json }) => [status, json.code ?? json.limitedBy]),
    [
      [400, 'CORBADO_INVALID_REQUEST'],
      [400, 'CORBADO_INVALID_REQUEST'],
      [429, 'CORBADO_RATE_LIMITED'],
      [429, 'CORBADO_RATE_LIMITED'],
      [429, 'CORBADO_RATE_LIMITED'],
      [429, 'the app'],
    ],
  )
  t.equal(answers[2]?.headers['ratelimit-remaining'], '2', 'its header stays, and we add none')
})

t.test('the address behind a proxy', async (t) => {
  const addressesOf = async (t: Test, trustProxy: string | boolean): Promise<unknown[]> => {
    const events: ConnectEvent[] = []
    const project = await startProject(t)
    const passkeys = corbadoConnect<User>({
      session: cookieSession({ secret }),
      findUser,
      client: project.client,
      onEvent: (event) => void events.push(event),
    })
    const app = express().set('trust proxy', trustProxy).use(passkeys)
    const url = await listenExpress(t, app, passkeys)
    const headers = { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': '6.6.6.6, 203.0.113.7' }
    for (const _ of [1, 2]) await send(url + verifyPath, { headers, body: {} })
    return events.map(({ ip }) => ip)
  }
  const warnings: Error[] = []
  const keep = (warning: Error) => warnings.push(warning)
  process.on('warning', keep)
  t.teardown(() => process.off('warning', keep))

  t.strictSame(await addressesOf(t, 'loopback'), ['203.0.113.7', '203.0.113.7'], 'what the trusted proxy says')
  t.strictSame(warnings, [])
  const warned = once(process, 'warning')
  t.strictSame(await addressesOf(t, false), ['127.0.0.1', '127.0.0.1'], 'nobody is trusted')
  await warned
  t.match(warnings, [{ name: 'CorbadoConnectWarning', code: 'CORBADO_UNTRUSTED_PROXY', message: /"trust proxy"/ }])
  t.equal(warnings.length, 1, 'once')
})

t.test('a CommonJS consumer', async (t) => {
  const { corbado } = await startProject(t)
  const file = join(t.testdir(), 'consumer.cjs')
  await writeFile(
    file,
    `const assert = require('node:assert')
    const express = require('express')
    const { corbadoConnect, cookieSession } = require('@corbado-connect/express')
    const { isCorbadoError } = require('@corbado-connect/express/errors')
    const { redisReplayStore } = require('@corbado-connect/express/redis')
    assert(isCorbadoError && redisReplayStore)
    const passkeys = corbadoConnect({
      session: cookieSession({ secret: 's'.repeat(32) }),
      findUser: (identifier) => ({ identifier }),
    })
    const server = express().use(passkeys).listen(0, '127.0.0.1', async () => {
      const url = 'http://127.0.0.1:' + server.address().port
      const answer = await fetch(url + '${verifyPath}', {
        method: 'POST',
        headers: { origin: url, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ signedPasskeyData: process.env.LOGIN }),
      })
      console.log(answer.status, await answer.text())
      await passkeys.close()
      server.close()
    })`,
  )
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
    env: {
      NODE_ENV: 'test',
      PATH: process.env.PATH,
      CORBADO_PROJECT_ID: corbado.projectId,
      CORBADO_API_SECRET: corbado.apiSecret,
      CORBADO_BACKEND_API: corbado.url,
      LOGIN: await corbado.signIn(jane.identifier),
    },
  })
  t.equal(stdout.trim(), '200 {"success":true}')
  t.equal(stderr, '')
})
