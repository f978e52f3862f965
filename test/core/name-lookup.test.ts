import dns from 'node:dns'
import t from 'tap'
import { clientOf, create, summary, verify } from './corbado-calls.js'
import { answer, startFaultServer, verdict, wellBehaved } from './fault-server.js'
import { reusingLookup } from './internals.js'

type Done = (error: Error | null, found?: object[]) => void

const loopback = [{ address: '127.0.0.1', family: 4 }]

/** Replaces the resolver of the machine. Returns the lookups that wait for their answer. */
function scriptLookups(t: Pick<typeof import('tap').default, 'intercept'>): Done[] {
  const waiting: Done[] = []
  t.intercept(dns, 'lookup', { value: (_: string, __: unknown, done: Done) => void waiting.push(done) })
  return waiting
}

t.test('a resolver that does not answer is asked once, whatever the number of calls and clients', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const lookups = scriptLookups(t)
  const origin = `http://localhost:${server.port}`
  const clients = [clientOf({ origin }, { timeoutMs: 300 }), clientOf({ origin }, { timeoutMs: 300 })]
  for (let round = 0; round < 3; round += 1) {
    const outcomes = await Promise.all(clients.flatMap((client) => [verify(client), verify(client), create(client)]))
    t.ok(outcomes.every((outcome) => /^50[34] UPSTREAM/.test(summary(outcome))))
  }
  t.equal(lookups.length, 1)
  const calls = clients.flatMap((client) => [verify(client), create(client)])
  await new Promise((resolve) => setTimeout(resolve, 20))
  t.equal(lookups.length, 1)
  lookups[0]?.(null, loopback)
  t.same((await Promise.all(calls)).map(summary), ['ok', 'ok', 'ok', 'ok'])
  await Promise.all(clients.map((client) => client.close()))
})

t.test('addresses are reused for a few seconds', async (t) => {
  let now = 1000
  t.intercept(performance, 'now', { value: () => now })
  const lookups = scriptLookups(t)
  const lookup = reusingLookup()
  const ask = (options: object = { all: true }) =>
    new Promise((resolve) => lookup('backend.example', options, (...result) => resolve(result)))
  const first = ask()
  lookups[0]?.(null, loopback)
  t.same(await first, [null, loopback])
  now += 4900
  t.same(await ask(), [null, loopback])
  t.same(await ask({ all: false }), [null, '127.0.0.1', 4], 'in the form that was asked for')
  t.equal(lookups.length, 1)
  now += 200
  const later = ask()
  t.equal(lookups.length, 2)
  lookups[1]?.(null, [{ address: '127.0.0.2', family: 4 }])
  t.same(await later, [null, [{ address: '127.0.0.2', family: 4 }]])
})

t.test('failures and other options are not answered from what is kept', async (t) => {
  const lookups = scriptLookups(t)
  const lookup = reusingLookup()
  const ask = (options: object) =>
    new Promise((resolve) => lookup('backend.example', options, (...result) => resolve(result)))
  const failure = Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })
  const failed = [ask({ all: true }), ask({ all: true })]
  t.equal(lookups.length, 1)
  lookups[0]?.(failure)
  for (const result of await Promise.all(failed)) t.same(result, [failure, []])
  const healed = ask({ all: true })
  t.equal(lookups.length, 2)
  lookups[1]?.(null, loopback)
  t.same(await healed, [null, loopback])
  const v6 = ask({ all: true, family: 6 })
  t.equal(lookups.length, 3)
  lookups[2]?.(null, [{ address: '::1', family: 6 }])
  t.same(await v6, [null, [{ address: '::1', family: 6 }]])
})

t.test('connections of both kinds, one after the other, share one lookup', async (t) => {
  const server = await startFaultServer((socket, request) =>
    (request.path === '/v2/connectTokens' ? answer(400, {}, ['Connection: close']) : verdict())(socket, request),
  )
  t.teardown(() => server.close())
  let lookups = 0
  t.intercept(dns, 'lookup', {
    value: (_: string, __: unknown, done: Done) => {
      lookups += 1
      process.nextTick(done, null, loopback)
    },
  })
  const client = clientOf({ origin: `http://localhost:${server.port}` })
  t.teardown(() => client.close())
  for (let index = 0; index < 5; index += 1) await Promise.all([verify(client), create(client)])
  t.ok(server.connections() > 5)
  t.equal(lookups, 1)
})
