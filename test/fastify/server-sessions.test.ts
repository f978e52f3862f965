import { randomBytes } from 'node:crypto'
import type { Session } from 'fastify'
import { Page } from './browser.js'
import { listen, secret } from './project.js'
import { createApp as createFastifySessionApp } from './recipes/fastify-session.js'
import { createApp as createSecureSessionApp } from './recipes/secure-session.js'
import { Sessions, testServerSessions, users } from './server-session-rules.js'

testServerSessions('@fastify/session', async (t) => {
  const store = new Sessions<Session>()
  const app = await createFastifySessionApp(users, secret, store)
  return { page: new Page(await listen(t, app)), store }
})

testServerSessions(
  '@fastify/secure-session',
  async (t) => ({ page: new Page(await listen(t, await createSecureSessionApp(users, randomBytes(32)))) }),
  { stateless: true },
)
