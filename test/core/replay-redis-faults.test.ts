import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { redisReplayStore } from '@corbado-connect/core/redis'
import t, { type Test } from 'tap'
import { clients, type TestClient } from '../support/redis-clients.js'
import { createRedisServer, redisIsInstalled } from '../support/redis-server.js'
import { outcomeOf, summary } from './corbado-calls.js'
import { connectOver, type Flow } from './flows.js'
import { newContext } from './http-context.js'
import { tokenOf } from './passkey-tokens.js'
import { verdictOf } from './scripted-upstream.js'

// What happens to logins while Redis fails, and how soon they work again afterwards.

const unavailable = '503 STORE_UNAVAILABLE retryable'
const skip = !redisIsInstalled() && 'needs a redis-server of version 7 or later'
let tokens = 0
const newToken = (): string => tokenOf('jane', { jti: `jti-${tokens++}` })
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const login = async (flow: Flow, signedPasskeyData: string): Promise<string> =>
  summary(await outcomeOf(flow.connect.verifyLogin({ signedPasskeyData }, newContext())))

const flowOver = ({ client }: TestClient): Flow =>
  connectOver(() => verdictOf('success'), { replayStore: redisReplayStore(client) })

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5)
}

/** Logs in again and again until it works. @returns how long that took, in milliseconds */
async function recoveryTime(flow: Flow): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    const outcome = await login(flow, newToken())
    if (outcome === 'ok') return performance.now() - startedAt
    if (performance.now() - startedAt > 10_000) throw new Error(`No recovery: ${outcome}`)
    await sleep(10)
  }
}

for (const [library, createTestClient] of Object.entries(clients)) {
  t.test(`${library}: Redis fails and comes back`, { skip, timeout: 60_000 }, async (t) => {
    const server = await createRedisServer()
    t.teardown(() => server.remove())
    await server.start()
    const newClient = async (t: Test, port = server.port): Promise<TestClient> => {
      const client = await createTestClient(port)
      t.teardown(() => client.disconnect())
      return client
    }

    t.test('killed: 503 at once; restarted: works within a second', async (t) => {
      const client = await newClient(t)
      const flow = flowOver(client)
      await server.stop()
      await until(() => !client.isReady())
      for (let index = 0; index < 3; index += 1) {
        const startedAt = performance.now()
        t.equal(await login(flow, newToken()), unavailable)
        t.ok(performance.now() - startedAt < 250, 'at once')
      }
      t.equal(flow.sent.length, 0)
      await sleep(1500)
      await server.start()
      const tookMs = await recoveryTime(flow)
      t.comment(`${library}: recovered ${Math.round(tookMs)} ms after a restart`)
      t.ok(tookMs < 1500, `${tookMs} ms`)
      await flow.connect.close()
    })

    t.test('paused for 3 seconds: 503 meanwhile, works within a second afterwards', async (t) => {
      const client = await newClient(t)
      const flow = flowOver(client)
      server.pause()
      const end = performance.now() + 3000
      while (performance.now() < end) {
        const startedAt = performance.now()
        t.equal(await login(flow, newToken()), unavailable)
        t.ok(performance.now() - startedAt < 800)
        await sleep(50)
      }
      server.resume()
      const tookMs = await recoveryTime(flow)
      t.comment(`${library}: recovered ${Math.round(tookMs)} ms after a pause`)
      t.ok(tookMs < 1500, `${tookMs} ms`)
      await flow.connect.close()
    })

    t.test('a host that goes silent: reconnected after a second, also under load', async (t) => {
      const proxy = await startProxy(t, server.port)
      const client = await newClient(t, proxy.port)
      const flow = flowOver(client)
      t.equal(await login(flow, newToken()), 'ok')
      proxy.silence()
      const load = setInterval(() => void login(flow, newToken()), 20)
      const tookMs = await recoveryTime(flow)
      clearInterval(load)
      t.comment(`${library}: recovered ${Math.round(tookMs)} ms after the host went silent`)
      t.ok(tookMs > 500 && tookMs < 2500, `${tookMs} ms`)
      await flow.connect.close()
    })

    t.test('a primary that becomes a replica: connects to the new primary', async (t) => {
      const other = await createRedisServer()
      t.teardown(() => other.remove())
      await other.start()
      const proxy = await startProxy(t, other.port)
      const client = await newClient(t, proxy.port)
      const flow = flowOver(client)
      t.equal(await login(flow, newToken()), 'ok')
      // The old primary keeps its connections; new ones go to the new primary.
      proxy.target = server.port
      await client.command('REPLICAOF', '127.0.0.1', String(server.port))
      const tookMs = await recoveryTime(flow)
      t.comment(`${library}: recovered ${Math.round(tookMs)} ms after a failover`)
      t.ok(tookMs < 2000, `${tookMs} ms`)
      await flow.connect.close()
    })

    t.test('killed between reservation and mark: no session, and the login must start again', async (t) => {
      const client = await newClient(t)
      const flow = connectOver(
        async () => {
          await server.stop()
          return verdictOf('success')
        },
        { replayStore: redisReplayStore(client.client) },
      )
      t.equal(await login(flow, newToken()), '502 OUTCOME_UNKNOWN')
      t.same(flow.sessions, [])
      await flow.connect.close()
    })
  })
}

/** Passes bytes on to `target`, until it goes silent for the connections that it has. */
async function startProxy(t: Test, target: number) {
  const silent = new WeakSet<Socket>()
  const open = new Set<Socket>()
  const proxy = { port: 0, target, silence: () => open.forEach((socket) => void silent.add(socket)) }
  const server = createServer((socket) => {
    const far = connect(proxy.target, '127.0.0.1')
    for (const [from, to] of [
      [socket, far],
      [far, socket],
    ] as const) {
      open.add(from)
      from.on('error', () => {})
      from.on('close', () => to.destroy())
      from.on('data', (bytes) => {
        if (!silent.has(from)) to.write(bytes)
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No TCP port')
  proxy.port = address.port
  t.teardown(() => {
    server.close()
    for (const socket of open) socket.destroy()
  })
  return proxy
}
