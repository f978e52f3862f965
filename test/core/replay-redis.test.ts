import { recommendedRedisOptions, redisReplayStore } from '@corbado-connect/core/redis'
import { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { clients, type TestClient } from '../support/redis-clients.js'
import { createRedisServer, redisIsInstalled } from '../support/redis-server.js'
import { outcomeOf, summary } from './corbado-calls.js'
import { connectOver, type Flow } from './flows.js'
import { newContext } from './http-context.js'
import { tokenOf } from './passkey-tokens.js'
import { verdictOf } from './scripted-upstream.js'

const keyPrefix = 'corbado-connect:replay:'
const unavailable = '503 STORE_UNAVAILABLE retryable'
const skip = !redisIsInstalled() && 'needs a redis-server of version 7 or later'
let tokens = 0
const newToken = (): string => tokenOf('jane', { jti: `jti-${tokens++}` })
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const login = async (flow: Flow, signedPasskeyData: string): Promise<string> =>
  summary(await outcomeOf(flow.connect.verifyLogin({ signedPasskeyData }, newContext())))

const flowOver = ({ client }: TestClient): Flow =>
  connectOver(() => verdictOf('success'), { replayStore: redisReplayStore(client) })

for (const [library, createTestClient] of Object.entries(clients)) {
  t.test(`${library}: over a real redis-server`, { skip }, async (t) => {
    const server = await createRedisServer()
    t.teardown(() => server.remove())
    await server.start()
    const newClient = async (t: Test, port = server.port): Promise<TestClient> => {
      const client = await createTestClient(port)
      t.teardown(() => client.disconnect())
      return client
    }
    const one = await newClient(t)
    const two = await newClient(t)
    const store = redisReplayStore(one.client)

    t.test('one owner at a time; used is final', async (t) => {
      const second = redisReplayStore(two.client)
      t.equal(await store.reserve('a', 'jane', 60_000), true)
      t.equal(await second.reserve('a', 'joe', 60_000), false)
      await second.release('a', 'joe')
      t.equal(await one.command('GET', `${keyPrefix}a`), 'jane', 'only the owner can release')
      t.equal(await second.markUsed('a', 'joe'), false)
      await store.release('a', 'jane')
      t.equal(await one.command('EXISTS', `${keyPrefix}a`), 0)
      t.equal(await second.reserve('a', 'joe', 60_000), true)
      await store.release('a', 'jane')
      t.equal(await one.command('GET', `${keyPrefix}a`), 'joe', 'a late release takes nothing away')
      t.equal(await second.markUsed('a', 'joe'), true)
      t.equal(await second.markUsed('a', 'joe'), true, 'a command that is sent again finds its own mark')
      t.equal(await second.markUsed('a', 'jane'), false)
      await second.release('a', 'joe')
      t.equal(await store.reserve('a', 'joe', 60_000), false)
      t.equal(await store.markUsed('nothing', 'jane'), false)
    })

    t.test('a reservation that is sent again after a lost connection finds itself', async (t) => {
      t.equal(await store.reserve('again', 'jane', 60_000), true)
      t.equal(await store.reserve('again', 'jane', 60_000), true)
      t.equal(await store.reserve('again', 'joe', 60_000), false)
    })

    t.test('expires by itself, used or not', async (t) => {
      await store.reserve('reserved', 'jane', 60_000.5)
      await store.reserve('used', 'jane', 60_000)
      await store.markUsed('used', 'jane')
      for (const key of ['reserved', 'used']) {
        const left = Number(await one.command('PTTL', keyPrefix + key))
        t.ok(left > 50_000 && left <= 60_001, `${key}: ${left} ms`)
      }
      await store.reserve('short', 'jane', 1)
      await sleep(20)
      t.equal(await store.reserve('short', 'joe', 60_000), true)
    })

    t.test('instances that share it: one session per token', async (t) => {
      const flows = [one, two, one, two].map(flowOver)
      for (let round = 0; round < 10; round += 1) {
        const token = newToken()
        const outcomes = await Promise.all([...flows, ...flows].map((flow) => login(flow, token)))
        t.same(outcomes.toSorted(), [...Array.from({ length: 7 }, () => '409 TOKEN_ALREADY_USED'), 'ok'])
      }
      t.equal(flows.flatMap(({ sessions }) => sessions).length, 10)
      t.equal(flows.flatMap(({ sent }) => sent).length, 10)
    })

    t.test('a refusal releases the token, for every instance', async (t) => {
      const token = newToken()
      const refused = connectOver(() => verdictOf('invalid_challenge'), { replayStore: store })
      t.equal(await login(refused, token), '401 PASSKEY_REJECTED')
      t.equal(await login(flowOver(two), token), 'ok')
    })

    t.test('a burst of logins in a busy process: none is refused because the process is busy', async (t) => {
      const upstreamRefuses = connectOver(() => verdictOf('invalid_signature'), { replayStore: store })
      // Signed before, because that takes longer than everything else.
      const signed = Array.from({ length: 300 }, newToken)
      const logins = signed.map((token) => login(upstreamRefuses, token))
      // The process computes for as long as a store may take, with the commands on their way.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      t.same(new Set(await Promise.all(logins)), new Set(['401 PASSKEY_REJECTED']))
    })

    t.test('too slow: 503 in time, and a late reservation is released', async (t) => {
      const flow = flowOver(one)
      const token = newToken()
      await two.command('CLIENT', 'PAUSE', '1500', 'ALL')
      const startedAt = performance.now()
      t.equal(await login(flow, token), unavailable)
      t.ok(performance.now() - startedAt < 700)
      t.equal(flow.sent.length, 0)
      await sleep(3000)
      t.equal(await login(flow, token), 'ok')
      await flow.connect.close()
    })

    t.test('a value of another type at the key: 503, not a login', async (t) => {
      const keys: string[] = []
      const spy = connectOver(() => verdictOf('success'), {
        replayStore: { ...store, reserve: (key) => keys.push(key) < 0 },
      })
      const token = newToken()
      await login(spy, token)
      await one.command('RPUSH', `${keyPrefix}${keys[0]}`, 'a list')
      const flow = flowOver(one)
      t.equal(await login(flow, token), unavailable)
      t.equal(flow.sent.length, 0)
      await flow.connect.close()
    })

    t.test('full at the mark: the login is accepted; full at the reservation: refused', async (t) => {
      await one.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction')
      const flow = connectOver(
        async () => {
          await two.command('CONFIG', 'SET', 'maxmemory', '1')
          return verdictOf('success')
        },
        { replayStore: store },
      )
      const token = newToken()
      t.equal(await login(flow, token), 'ok')
      for (const refused of [token, newToken()]) t.equal(await login(flow, refused), unavailable, 'fails closed')
      await two.command('CONFIG', 'SET', 'maxmemory', '0')
      t.equal(await login(flow, token), '409 TOKEN_ALREADY_USED')
      t.equal(flow.sent.length, 1)
      await flow.connect.close()
    })
  })

  t.test(`${library}: an eviction policy that drops used tokens is warned of`, { skip }, async (t) => {
    const warnings: unknown[] = []
    const onWarning = (warning: Error): void => void warnings.push(Reflect.get(warning, 'code'))
    process.on('warning', onWarning)
    t.teardown(() => process.off('warning', onWarning))
    for (const [policy, expected] of [
      ['noeviction', []],
      ['allkeys-lru', ['CORBADO_REDIS_EVICTION']],
    ] as const) {
      const server = await createRedisServer(['--maxmemory-policy', policy])
      await server.start()
      const client = await createTestClient(server.port)
      warnings.length = 0
      const store = redisReplayStore(client.client)
      for (const key of ['a', 'b', 'c']) await store.reserve(key, 'jane', 60_000)
      await sleep(50)
      t.same(
        warnings.filter((code) => code === 'CORBADO_REDIS_EVICTION'),
        expected,
        policy,
      )
      client.disconnect()
      await server.remove()
    }
  })
}

t.test('ioredis that returns numbers as strings loses no login', { skip }, async (t) => {
  const server = await createRedisServer()
  await server.start()
  const redis = new Redis({ port: server.port, host: '127.0.0.1', stringNumbers: true })
  t.teardown(async () => {
    redis.disconnect()
    await server.remove()
  })
  const flow = connectOver(() => verdictOf('success'), { replayStore: redisReplayStore(redis) })
  const token = newToken()
  t.equal(await login(flow, token), 'ok')
  t.equal(await login(flow, token), '409 TOKEN_ALREADY_USED')
})

t.test('an unexpected reply is not a login', async (t) => {
  for (const reply of [undefined, 0, 1, [null], true, {}]) {
    const flow = connectOver(() => verdictOf('success'), { replayStore: redisReplayStore({ call: async () => reply }) })
    t.equal(await login(flow, newToken()), unavailable, String(reply))
    t.equal(flow.sent.length, 0)
    await flow.connect.close()
  }
  for (const reply of ['OK', null, undefined, 2, -1, Number.NaN, [1], true, {}]) {
    const store = redisReplayStore({ call: async () => reply })
    await t.rejects(Promise.resolve(store.markUsed('a', 'jane')), /unexpected reply/, String(reply))
  }
})

t.test('recommended settings are for the two libraries', async (t) => {
  for (const name of ['redis', 'toString', '', undefined]) {
    t.throws(() => Reflect.apply(recommendedRedisOptions, undefined, [name]), { name: 'TypeError', message: /ioredis/ })
  }
})

t.test('what is not a client is refused at once', async (t) => {
  for (const client of [undefined, null, {}, 'redis://127.0.0.1', { set: () => null }]) {
    t.throws(() => Reflect.apply(redisReplayStore, undefined, [client]), {
      name: 'TypeError',
      message: /redisReplayStore.* must be an ioredis or node-redis 5 client/,
    })
  }
})
