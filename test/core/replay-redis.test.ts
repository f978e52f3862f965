import { redisReplayStore } from '@corbado-connect/core/redis'
import { Redis } from 'ioredis'
import t from 'tap'
import { createRedisServer, redisIsInstalled } from '../support/redis-server.js'
import { outcomeOf, summary } from './corbado-calls.js'
import { connectOver, type Flow } from './flows.js'
import { newContext } from './http-context.js'
import { tokenOf } from './passkey-tokens.js'
import { verdictOf } from './scripted-upstream.js'

const keyPrefix = 'corbado-connect:replay:'
const unavailable = '503 STORE_UNAVAILABLE retryable'
let tokens = 0
const newToken = (): string => tokenOf('jane', { jti: `jti-${tokens++}` })

/** The next event of a client; `once` of node:events would give up at the errors on the way. */
const next = (redis: Redis, event: 'ready' | 'close'): Promise<void> =>
  new Promise((resolve) => redis.once(event, () => resolve()))

const login = async (flow: Flow, signedPasskeyData: string): Promise<string> =>
  summary(await outcomeOf(flow.connect.verifyLogin({ signedPasskeyData }, newContext())))

t.test(
  'over a real redis-server',
  {
    skip: !redisIsInstalled() && 'needs a redis-server of version 7 or later',
  },
  async (t) => {
    const server = await createRedisServer()
    t.teardown(() => server.remove())
    await server.start()
    /** As the README advises: fail fast, and come back by itself. */
    const connect = (): Redis => {
      const redis = new Redis(server.port, '127.0.0.1', {
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        commandTimeout: 250,
        retryStrategy: () => 20,
      })
      redis.on('error', () => {})
      t.teardown(() => redis.disconnect())
      return redis
    }
    const redis = connect()
    const other = connect()
    await Promise.all([next(redis, 'ready'), next(other, 'ready')])
    const store = redisReplayStore(redis)

    t.test('one owner at a time; used is for good', async (t) => {
      const second = redisReplayStore(other)
      t.equal(await store.reserve('a', 'jane', 60_000), true)
      t.equal(await second.reserve('a', 'joe', 60_000), false)
      await second.release('a', 'joe')
      t.equal(await redis.get(`${keyPrefix}a`), 'jane', 'released by its owner only')
      t.equal(await second.markUsed('a', 'joe'), false)
      await store.release('a', 'jane')
      t.equal(await redis.exists(`${keyPrefix}a`), 0)
      t.equal(await second.reserve('a', 'joe', 60_000), true)
      await store.release('a', 'jane')
      t.equal(await redis.get(`${keyPrefix}a`), 'joe', 'a late release takes nothing away')
      t.equal(await second.markUsed('a', 'joe'), true)
      t.equal(await second.markUsed('a', 'joe'), false)
      await second.release('a', 'joe')
      t.equal(await store.reserve('a', 'jane', 60_000), false)
      t.equal(await store.markUsed('nothing', 'jane'), false)
    })

    t.test('a command that was sent again after a lost connection meets its own reservation', async (t) => {
      t.equal(await store.reserve('again', 'jane', 60_000), true)
      t.equal(await store.reserve('again', 'jane', 60_000), true)
      t.equal(await store.reserve('again', 'joe', 60_000), false)
    })

    t.test('expires by itself, used or not', async (t) => {
      await store.reserve('reserved', 'jane', 60_000.5)
      await store.reserve('used', 'jane', 60_000)
      await store.markUsed('used', 'jane')
      for (const key of ['reserved', 'used']) {
        const left = await redis.pttl(keyPrefix + key)
        t.ok(left > 50_000 && left <= 60_001, `${key}: ${left} ms`)
      }
      await store.reserve('short', 'jane', 1)
      while ((await redis.exists(`${keyPrefix}short`)) === 1) await new Promise(setImmediate)
      t.equal(await store.reserve('short', 'joe', 60_000), true)
    })

    t.test('instances that share it: one session per token', async (t) => {
      const flows = [redis, other, redis, other].map((client) =>
        connectOver(() => verdictOf('success'), { replayStore: redisReplayStore(client) }),
      )
      for (let round = 0; round < 10; round += 1) {
        const token = newToken()
        const outcomes = await Promise.all([...flows, ...flows].map((flow) => login(flow, token)))
        t.same(outcomes.toSorted(), [...Array.from({ length: 7 }, () => '409 TOKEN_ALREADY_USED'), 'ok'])
      }
      t.equal(flows.flatMap(({ sessions }) => sessions).length, 10)
      t.equal(flows.flatMap(({ sent }) => sent).length, 10)
    })

    t.test('a refusal gives the token back, for every instance', async (t) => {
      const token = newToken()
      const refused = connectOver(() => verdictOf('invalid_challenge'), { replayStore: store })
      t.equal(await login(refused, token), '401 PASSKEY_REJECTED')
      const accepted = connectOver(() => verdictOf('success'), { replayStore: redisReplayStore(other) })
      t.equal(await login(accepted, token), 'ok')
    })

    t.test('too slow: 503 in time, and a reservation that comes about late is given back', async (t) => {
      const flow = connectOver(() => verdictOf('success'), { replayStore: store })
      const token = newToken()
      await other.call('CLIENT', 'PAUSE', '400', 'ALL')
      const startedAt = performance.now()
      t.equal(await login(flow, token), unavailable)
      t.ok(performance.now() - startedAt < 500)
      t.equal(flow.sent.length, 0)
      // The commands of one connection are carried out in their order: this one after the late release.
      while ((await redis.ping().catch(() => '')) !== 'PONG') await new Promise(setImmediate)
      t.equal(await login(flow, token), 'ok')
    })

    t.test('a value of another kind at the key: 503, not a login', async (t) => {
      const flow = connectOver(() => verdictOf('success'), { replayStore: store })
      const keys: string[] = []
      const spy = connectOver(() => verdictOf('success'), {
        replayStore: { ...store, reserve: (key) => keys.push(key) < 0 },
      })
      const token = newToken()
      await login(spy, token)
      await redis.rpush(`${keyPrefix}${keys[0]}`, 'a list')
      t.equal(await login(flow, token), unavailable)
      t.equal(flow.sent.length, 0)
    })

    t.test('down: 503 at once; back again: works without a restart', async (t) => {
      const flow = connectOver(() => verdictOf('success'), { replayStore: store })
      const closed = next(redis, 'close')
      await server.stop()
      await closed
      for (let index = 0; index < 3; index += 1) {
        const startedAt = performance.now()
        t.equal(await login(flow, newToken()), unavailable)
        t.ok(performance.now() - startedAt < 500)
      }
      t.equal(flow.sent.length, 0)
      const ready = next(redis, 'ready')
      await server.start()
      await ready
      t.equal(await login(flow, newToken()), 'ok')
    })

    t.test('down between reservation and mark: no session, and it does not look retryable', async (t) => {
      const flow = connectOver(
        async () => {
          await server.stop()
          return verdictOf('success')
        },
        { replayStore: store },
      )
      t.equal(await login(flow, newToken()), '503 STORE_UNAVAILABLE')
      t.same(flow.sessions, [])
    })
  },
)

t.test('what is no client is refused at once', async (t) => {
  for (const client of [undefined, null, {}, 'redis://127.0.0.1', { set: () => null }]) {
    t.throws(() => Reflect.apply(redisReplayStore, undefined, [client]), {
      name: 'TypeError',
      message: /redisReplayStore/,
    })
  }
})
