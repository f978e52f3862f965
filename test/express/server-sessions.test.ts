import { type SessionData, Store } from 'express-session'
import type { Test } from 'tap'
import { Page } from '../fastify/browser.js'
import { listenExpress, secret } from '../fastify/project.js'
import { Sessions, type Started, testServerSessions, users } from '../fastify/server-session-rules.js'
import { createApp as createExpressSessionApp } from './recipes/express-session.js'
import { createApp as createPassportApp } from './recipes/passport.js'

class FailingStore extends Store {
  readonly sessions = new Sessions<SessionData>()

  get(id: string, done: (error: unknown, data?: SessionData | null) => void): void {
    this.sessions.get(id, done)
  }

  set(id: string, data: SessionData, done: (error?: unknown) => void = () => {}): void {
    this.sessions.set(id, data, done)
  }

  destroy(id: string, done: (error?: unknown) => void = () => {}): void {
    this.sessions.destroy(id, done)
  }
}

// What the recipes log of a store that fails belongs to no test report.
console.error = () => {}

const started =
  (create: typeof createExpressSessionApp | typeof createPassportApp) =>
  async (t: Test): Promise<Started> => {
    const store = new FailingStore()
    const { app, auth } = create(users, secret, store)
    return { page: new Page(await listenExpress(t, app, auth)), store: store.sessions }
  }

testServerSessions('express-session', started(createExpressSessionApp))
testServerSessions('Passport', started(createPassportApp))
