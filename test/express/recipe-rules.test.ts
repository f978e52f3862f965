import { inspect } from 'node:util'
import { MemoryStore } from 'express-session'
import t, { type Test } from 'tap'
import { readPage } from '../docs/markdown.js'
import { Page, setCookies } from '../fastify/browser.js'
import { findUser, jane, listenExpress, secret, verifyPath } from '../fastify/project.js'
import { projectInEnvironment, users } from '../fastify/server-session-rules.js'
import { createApp as createExpressSession } from './recipes/express-session.js'
import { createApp as createPassport } from './recipes/passport.js'
import { createApp as createSecondFactor } from './recipes/second-factor.js'
import { createApp as createStepUp } from './recipes/step-up.js'

process.env.SESSION_SECRET = secret
const password = 'correct horse battery staple'

const withServerSession = {
  'express-session': () => createExpressSession(users, secret, new MemoryStore()),
  passport: () => createPassport(users, secret, new MemoryStore()),
  'second-factor': () => createSecondFactor(users, secret, new MemoryStore()),
}

/** Everything that is written to standard error and standard output during a test. */
function capture(t: Test): () => string {
  const lines: string[] = []
  for (const method of ['error', 'warn', 'log'] as const) {
    t.intercept(console, method, {
      value: (...parts: unknown[]) => void lines.push(...parts.map((part) => inspect(part, { depth: 9 }))),
    })
  }
  return () => lines.join('\n')
}

for (const [name, create] of Object.entries(withServerSession)) {
  t.test(`${name}: malformed JSON never reaches the log`, async (t) => {
    await projectInEnvironment(t)
    const { app, auth } = create()
    const page = new Page(await listenExpress(t, app, auth))
    const log = capture(t)
    const answer = await page.post('/login', `{"name":"jane","password":"${password}",}`, {
      'content-type': 'application/json',
    })
    t.equal(answer.status, 400)
    t.notMatch(answer.text, new RegExp(password))
    t.equal(log(), '', 'a bad request is not logged')
  })

  t.test(`${name}: without NODE_ENV, the cookie is __Host- and Secure`, async (t) => {
    await projectInEnvironment(t)
    delete process.env.NODE_ENV
    const { app, auth } = create()
    app.set('trust proxy', 'loopback')
    const page = new Page(await listenExpress(t, app, auth))
    const credentials = { name: jane.identifier, password: jane.identifier }
    const answer = await page.post('/login', credentials, { 'x-forwarded-proto': 'https' })
    t.equal(answer.status, 200)
    t.match(setCookies(answer), [/^__Host-sid=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/])
    const plain = await new Page(await listenExpress(t, app)).post('/login', credentials)
    t.same(setCookies(plain), [], 'never over http')
  })
}

t.test('step-up: malformed JSON never reaches the log', async (t) => {
  const corbado = await projectInEnvironment(t)
  const { app, auth } = createStepUp(findUser)
  const page = new Page(await listenExpress(t, app, auth))
  const signedPasskeyData = await corbado.signIn(jane.identifier)
  t.equal((await page.post(verifyPath, { signedPasskeyData })).status, 200)
  const confirmation = await corbado.signIn(jane.identifier)
  const log = capture(t)
  const body = `{"amount":1,"signedPasskeyData":"${confirmation}",}`
  const answer = await page.post('/transfer', body, { 'content-type': 'application/json' })
  t.equal(answer.status, 400)
  t.equal(log(), '')
  t.equal((await page.post('/transfer', { amount: '1', signedPasskeyData: confirmation })).status, 400)
})

t.test('no page recommends an error handler that logs request bodies', async (t) => {
  for (const page of [
    'production',
    'step-up',
    'second-factor',
    'sessions/express-session',
    'sessions/passport',
    'other-origin',
  ]) {
    const lines = readPage(`docs/${page}.md`).split('\n')
    for (const line of lines.filter((line) => line.includes('console.error(error)') && !line.includes("'error'")))
      t.match(line, /if \(\(error\.statusCode \?\? 500\) >= 500\) console\.error\(error\)/, page)
  }
})
