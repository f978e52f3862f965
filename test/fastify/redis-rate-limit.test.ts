import { type CorbadoConnectRouter, corbadoConnect as corbadoExpress } from '@corbado-connect/express'
import { type ConnectEvent, cookieSession, corbadoConnect, type RateLimitOptions } from '@corbado-connect/fastify'
import express from 'express'
import Fastify from 'fastify'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { clients } from '../support/redis-clients.js'
import { Page } from './browser.js'
import {
  connectTokenPath,
  findUser,
  jane,
  listen,
  listenExpress,
  type Project,
  secret,
  startProject,
  type User,
  verifyPath,
} from './project.js'
import { noRedis, reconnected, startRedis } from './redis-server.js'

interface Instance {
  readonly page: Page
  readonly events: ConnectEvent[]
}

type StartInstance = (t: Test, project: Project, rateLimit: RateLimitOptions) => Promise<Instance>

const optionsFor = ({ client }: Project, rateLimit: RateLimitOptions, events: ConnectEvent[]) => ({
  session: cookieSession({ secret }),
  findUser,
  client,
  rateLimit,
  onEvent: (event: ConnectEvent) => void events.push(event),
})

const frameworks: Readonly<Record<string, StartInstance>> = {
  async Fastify(t, project, rateLimit) {
    const events: ConnectEvent[] = []
    const app = Fastify()
    await app.register(corbadoConnect, optionsFor(project, rateLimit, events))
    return { page: new Page(await listen(t, app)), events }
  },
  async Express(t, project, rateLimit) {
    const events: ConnectEvent[] = []
    const router: CorbadoConnectRouter<User> = corbadoExpress(optionsFor(project, rateLimit, events))
    return { page: new Page(await listenExpress(t, express().use(router), router)), events }
  },
}

const limits = { connectToken: { max: 3, windowMs: 20_000 }, verify: { max: 4, windowMs: 20_000 } }

async function login(page: Page, { corbado }: Project): Promise<number> {
  return (await page.post(verifyPath, { signedPasskeyData: await corbado.signIn(jane.identifier) })).status
}

for (const [name, start] of Object.entries(frameworks)) {
  t.test(`${name}: instances count together in Redis`, { skip: noRedis }, async (t) => {
    const server = await startRedis(t)
    const redis = await server.connect()
    const project = await startProject(t)
    const one = await start(t, project, { ...limits, redis })
    const two = await start(t, project, { ...limits, redis: await server.connect() })

    t.equal(await login(one.page, project), 200)
    for (const [key, value] of one.page.cookies) two.page.cookies.set(key, value)
    const types = { type: 'passkey-list' }
    t.equal((await one.page.post(connectTokenPath, types)).status, 200)
    t.equal((await two.page.post(connectTokenPath, types)).status, 200)
    t.equal((await one.page.post(connectTokenPath, types)).status, 200)
    const limited = await two.page.post(connectTokenPath, types)
    t.match([limited.status, limited.json.code], [429, 'CORBADO_RATE_LIMITED'])
    t.ok(Number(limited.headers['retry-after']) >= 15 && Number(limited.headers['retry-after']) <= 20)
    t.equal((await two.page.post(verifyPath, {})).status, 400, 'the other route counts apart, by address')

    const keys = await redis.keys('*')
    t.ok(
      keys.every((key) => key.startsWith(`corbado-connect:limit:${project.corbado.projectId}:`)),
      'the keys name the project',
    )
    t.match(keys.join(), jane.identifier)
    for (const key of keys) t.ok((await redis.pttl(key)) > 0, 'and all of them expire')
  })

  t.test(`${name}: Redis goes and comes back`, { skip: noRedis }, async (t) => {
    const server = await startRedis(t)
    const redis: Redis = await server.connect()
    const project = await startProject(t)
    const { page, events } = await start(t, project, { verify: { max: 100, windowMs: 60_000 }, redis })
    t.equal(await login(page, project), 200)

    await server.stop()
    const before = project.corbado.count()
    const refused = await page.post(verifyPath, { signedPasskeyData: await project.corbado.signIn(jane.identifier) })
    t.match([refused.status, refused.json.code], [503, 'CORBADO_STORE_UNAVAILABLE'], 'nobody passes uncounted')
    t.equal(refused.headers['cache-control'], 'no-store')
    t.notMatch(refused.text, /redis|ECONN|stream/i)
    t.equal(project.corbado.count(), before, 'and Corbado is not called')
    t.match(events.at(-1), { type: 'login.refused', reason: 'rate_limit_store', statusCode: 503 })

    await server.start()
    await reconnected(redis)
    t.equal(await login(page, project), 200, 'without a restart of the app')
  })

  t.test(`${name}: whenRedisFails decides about requests while Redis is away`, async (t) => {
    const project = await startProject(t)
    const redis = { call: () => Promise.reject(new Error('ECONNREFUSED')) }
    const limited = { verify: { max: 3, windowMs: 60_000 }, redis }
    const refusing = await start(t, project, { ...limited, whenRedisFails: 'refuse' })
    const refused = await refusing.page.post(verifyPath, {})
    t.match([refused.status, refused.json.code], [503, 'CORBADO_STORE_UNAVAILABLE'])
    t.equal(refused.headers['retry-after'], '1')

    const allowing = await start(t, project, { ...limited, whenRedisFails: 'allow' })
    const statuses: number[] = []
    for (let index = 0; index < 5; index += 1) statuses.push((await allowing.page.post(verifyPath, {})).status)
    t.strictSame(statuses, [400, 400, 400, 429, 429], 'each process still counts in its own memory')
  })

  t.test(`${name}: a Redis that never answers holds no request`, async (t) => {
    const project = await startProject(t)
    const redis = { call: () => new Promise<never>(() => {}) }
    const { page, events } = await start(t, project, { redis })
    const refused = await page.post(verifyPath, { signedPasskeyData: await project.corbado.signIn(jane.identifier) })
    t.match([refused.status, refused.json.code], [503, 'CORBADO_STORE_UNAVAILABLE'])
    t.match(events, [{ type: 'login.refused', reason: 'rate_limit_store' }])
    t.equal(project.corbado.count(), 0)
  })
}

t.test('instances of both frameworks, with ioredis and node-redis, count together', { skip: noRedis }, async (t) => {
  const server = await startRedis(t)
  const project = await startProject(t)
  const pages: Page[] = []
  const nodeRedis = await clients['node-redis'](server.port)
  t.teardown(() => nodeRedis.disconnect())
  for (const [index, start] of Object.values(frameworks).entries()) {
    const redis = index === 0 ? await server.connect() : nodeRedis.client
    const { page } = await start(t, project, { ...limits, redis })
    pages.push(page, page)
  }
  for (const page of pages) t.equal(await login(page, project), 200)
  for (const page of pages) t.equal(await login(page, project), 429)
})
