import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MemoryStore } from 'express-session'
import type { Session } from 'fastify'
import t, { type Test } from 'tap'
import { setClock } from '../core/clock.js'
import { createApp as createExpressFreshLogin } from '../express/recipes/fresh-login.js'
import { createApp as createExpressOtherOrigin } from '../express/recipes/other-origin.js'
import { createApp as createExpressSecondFactor } from '../express/recipes/second-factor.js'
import { createApp as createExpressStepUp } from '../express/recipes/step-up.js'
import { type Answer, Page, send, setCookies } from './browser.js'
import {
  connectTokenPath,
  findUser,
  jane,
  ken,
  listen,
  listenExpress,
  secret,
  type User,
  verifyPath,
} from './project.js'
import { createApp as createFastifyFreshLogin } from './recipes/fresh-login.js'
import { createApp as createFastifyOtherOrigin } from './recipes/other-origin.js'
import { createApp as createFastifySecondFactor } from './recipes/second-factor.js'
import { createApp as createFastifyStepUp } from './recipes/step-up.js'
import { projectInEnvironment, Sessions, users } from './server-session-rules.js'

process.env.SESSION_SECRET = secret
const appOrigin = 'https://app.example'

/** Every recipe in both frameworks. @returns where it listens */
const frameworks = {
  Fastify: {
    stepUp: async (t: Test) => listen(t, await createFastifyStepUp(findUser)),
    freshLogin: async (t: Test) => listen(t, await createFastifyFreshLogin(findUser)),
    secondFactor: async (t: Test) => listen(t, await createFastifySecondFactor(users, secret, new Sessions<Session>())),
    otherOrigin: async (t: Test) => listen(t, await createFastifyOtherOrigin([appOrigin], findUser)),
  },
  Express: {
    async freshLogin(t: Test) {
      const { app, auth } = createExpressFreshLogin(findUser)
      return listenExpress(t, app, auth)
    },
    async stepUp(t: Test) {
      const { app, auth } = createExpressStepUp(findUser)
      return listenExpress(t, app, auth)
    },
    async secondFactor(t: Test) {
      const { app, auth } = createExpressSecondFactor(users, secret, new MemoryStore())
      return listenExpress(t, app, auth)
    },
    async otherOrigin(t: Test) {
      const { app, auth } = createExpressOtherOrigin([appOrigin], findUser)
      return listenExpress(t, app, auth)
    },
  },
}

function assertRefused(t: Test, answer: Answer, status: number, code: string, message: string): void {
  t.match([answer.status, answer.json.code], [status, code], message)
}

async function whoIs(page: Page): Promise<unknown> {
  const { status, json } = await page.get('/me')
  return status === 200 ? json.identifier : status
}

for (const [name, start] of Object.entries(frameworks)) {
  t.test(`${name}: a fresh login`, async (t) => {
    const corbado = await projectInEnvironment(t)
    const page = new Page(await start.freshLogin(t))
    const login = async () => page.post(verifyPath, { signedPasskeyData: await corbado.signIn(jane.identifier) })
    const token = (type: string) => page.post(connectTokenPath, { type })
    const clock = setClock(t, Date.now())

    t.equal((await login()).status, 200)
    t.equal((await token('passkey-append')).status, 200)
    clock.now += 700_000
    const renewed = await token('passkey-list')
    t.match(setCookies(renewed), [/^__Host-corbado_connect_session=/], 'the session was renewed')
    for (const type of ['passkey-append', 'passkey-delete']) {
      const message = `${type}: a renewed session is not fresh`
      assertRefused(t, await token(type), 403, 'CORBADO_FRESH_LOGIN_REQUIRED', message)
    }
    t.equal((await login()).status, 200)
    t.equal((await token('passkey-delete')).status, 200)
  })

  t.test(`${name}: step-up`, async (t) => {
    const corbado = await projectInEnvironment(t)
    const page = new Page(await start.stepUp(t))
    const passkey = (user: User) => corbado.signIn(user.identifier)
    const transfer = async (signedPasskeyData: string, headers = {}) =>
      page.post('/transfer', { amount: 100, signedPasskeyData }, headers)

    assertRefused(
      t,
      await transfer(await passkey(jane)),
      401,
      'CORBADO_NOT_AUTHENTICATED',
      'a passkey alone is no session',
    )
    t.equal((await page.post(verifyPath, { signedPasskeyData: await passkey(jane) })).status, 200)
    const session = page.cookieHeader

    const foreign = await transfer(await passkey(ken))
    assertRefused(t, foreign, 401, 'CORBADO_PASSKEY_REJECTED', 'the passkey of another user')
    const crossSite = await transfer(await passkey(jane), { 'sec-fetch-site': 'cross-site' })
    assertRefused(t, crossSite, 403, 'CORBADO_ORIGIN_NOT_ALLOWED', 'a page of another site')
    assertRefused(t, await transfer('x'), 400, 'CORBADO_INVALID_REQUEST', 'no token at all')

    const confirmation = await passkey(jane)
    const confirmed = await transfer(confirmation)
    t.match(confirmed, { status: 200, json: { transferred: 100, confirmedBy: jane.identifier } })
    t.strictSame([...setCookies(foreign), ...setCookies(confirmed)], [], 'no session is created')
    t.equal(page.cookieHeader, session)

    assertRefused(t, await transfer(confirmation), 409, 'CORBADO_TOKEN_ALREADY_USED', 'a replay')
    const login = await page.post(verifyPath, { signedPasskeyData: confirmation })
    assertRefused(t, login, 409, 'CORBADO_TOKEN_ALREADY_USED', 'nor is a confirmation a login')
  })

  t.test(`${name}: a passkey as the second factor`, async (t) => {
    const corbado = await projectInEnvironment(t)
    const page = new Page(await start.secondFactor(t))
    const passkey = async (user: User) =>
      page.post(verifyPath, { signedPasskeyData: await corbado.signIn(user.identifier) })
    const token = (type: string) => page.post(connectTokenPath, { type })
    const others = ['passkey-append', 'passkey-list', 'passkey-delete']

    assertRefused(t, await token('passkey-login'), 401, 'CORBADO_NOT_AUTHENTICATED', 'nobody')
    assertRefused(t, await passkey(jane), 401, 'CORBADO_NOT_AUTHENTICATED', 'a passkey without the password')
    t.equal(await whoIs(page), 401)

    const password = { name: jane.identifier, password: jane.identifier }
    t.match(await page.post('/login', password), { status: 200, json: { next: 'passkey' } })
    t.equal(await whoIs(page), 401, 'the password alone opens nothing')
    for (const type of others) {
      assertRefused(t, await token(type), 403, 'CORBADO_NOT_AUTHORIZED', `no ${type} for a half-signed-in user`)
    }
    t.match(await token('passkey-login'), { status: 200, json: { connectToken: /^ctk1_/ } })
    t.match(
      corbado.requests({ route: 'connectTokens.create' }).map(({ body }) => body),
      [{ type: 'passkey-login', data: { identifier: jane.identifier } }],
      'one token, for the user of the password',
    )

    assertRefused(t, await passkey(ken), 401, 'CORBADO_PASSKEY_REJECTED', 'the passkey of another user')
    t.equal(await whoIs(page), 401)
    const half = page.copy()
    t.match(await passkey(jane), { status: 200, json: { success: true } })
    t.equal(await whoIs(page), jane.identifier)
    t.equal((await half.post(connectTokenPath, { type: 'passkey-login' })).status, 401, 'the half session is gone')
    for (const type of others) t.equal((await token(type)).status, 200)
    assertRefused(t, await token('passkey-login'), 403, 'CORBADO_NOT_AUTHORIZED', 'needed no more')

    t.equal((await page.post('/login', password)).status, 200)
    t.equal(await whoIs(page), 401, 'a new password login starts with half a session again')
  })

  t.test(`${name}: pages of another origin`, async (t) => {
    const corbado = await projectInEnvironment(t)
    const url = await start.otherOrigin(t)
    const page = new Page(url, appOrigin)
    const preflight = (origin: string, path: string) =>
      send(url + path, {
        method: 'OPTIONS',
        headers: {
          origin,
          'sec-fetch-site': 'cross-site',
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type',
        },
      })
    const readable = { 'access-control-allow-origin': appOrigin, 'access-control-allow-credentials': 'true' }

    for (const path of [connectTokenPath, verifyPath]) {
      const allowed = await preflight(appOrigin, path)
      t.match(allowed, { status: 204, headers: readable })
      t.match(allowed.headers['access-control-allow-methods'], /POST/)
      t.match(allowed.headers['access-control-allow-headers'], /content-type/)
      t.match(allowed.headers.vary, /origin/i)
      const evil = await preflight('https://evil.example', path)
      t.notMatch(evil.headers['access-control-allow-origin'] ?? '', /evil|\*/)
    }

    assertRefused(t, await page.post(connectTokenPath, {}), 401, 'CORBADO_NOT_AUTHENTICATED', 'not signed in')
    const login = await page.post(verifyPath, { signedPasskeyData: await corbado.signIn(jane.identifier) })
    t.match(login, { status: 200, headers: { ...readable, 'cache-control': 'no-store' } })
    t.match(setCookies(login), [/^__Host-corbado_connect_session=.*; HttpOnly; Secure; SameSite=None/])
    const token = await page.post(connectTokenPath, { type: 'passkey-list' })
    t.match(token, { status: 200, headers: readable, json: { connectToken: /^ctk1_/ } })
    t.equal(await whoIs(page), jane.identifier)
    t.match(await page.post(verifyPath, {}), { status: 400, headers: readable }, 'the page can read our errors too')

    const evil = new Page(url, 'https://evil.example')
    for (const [cookie, value] of page.cookies) evil.cookies.set(cookie, value)
    for (const path of [connectTokenPath, verifyPath, '/logout']) {
      const answer = await evil.post(path, { type: 'passkey-append' })
      assertRefused(t, answer, 403, 'CORBADO_ORIGIN_NOT_ALLOWED', `${path} with the cookie, from another site`)
      t.notMatch(answer.headers['access-control-allow-origin'] ?? '', /evil|\*/)
    }
    for (const near of ['http://app.example', 'https://app.example:444', 'https://app.example.evil', 'null']) {
      assertRefused(t, await new Page(url, near).post(verifyPath, {}), 403, 'CORBADO_ORIGIN_NOT_ALLOWED', near)
    }

    t.match(await page.post('/logout'), { status: 200, json: { success: true } })
    t.equal(await whoIs(page), 401)
    const own = new Page(url)
    t.equal((await own.post(verifyPath, { signedPasskeyData: await corbado.signIn(ken.identifier) })).status, 200)
  })
}

t.test('the pages show the code that is tested', async (t) => {
  // Compiled to test/build/fastify.
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  for (const [page, recipes] of Object.entries({
    'sessions/fastify-session': ['fastify/recipes/fastify-session'],
    'sessions/fastify-secure-session': ['fastify/recipes/secure-session'],
    'sessions/express-session': ['express/recipes/express-session'],
    'sessions/passport': ['express/recipes/passport'],
    'fresh-login': ['fastify/recipes/fresh-login', 'express/recipes/fresh-login'],
    'step-up': ['fastify/recipes/step-up', 'express/recipes/step-up'],
    'second-factor': ['fastify/recipes/second-factor', 'express/recipes/second-factor'],
    'other-origin': ['fastify/recipes/other-origin', 'express/recipes/other-origin'],
    tracing: ['fastify/recipes/tracing'],
  })) {
    const text = await readFile(join(root, 'docs', `${page}.md`), 'utf8')
    for (const recipe of recipes) {
      const source = await readFile(join(root, 'test', `${recipe}.ts`), 'utf8')
      t.ok(text.includes(`\`\`\`ts\n${source.trimEnd()}\n\`\`\``), `docs/${page}.md and test/${recipe}.ts`)
    }
  }
})
