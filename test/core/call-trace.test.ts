import { AsyncLocalStorage } from 'node:async_hooks'
import { type ChannelListener, channel, tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import type { CorbadoCallTrace, CorbadoClient } from '@corbado-connect/core'
import t, { type Test } from 'tap'
import { runChild } from '../contract/child.js'
import { apiSecret, clientOf, create, login, outcomeOf, projectId, summary, verify } from './corbado-calls.js'
import { answer, inOrder, type Reply, rawThenReset, startFaultServer, wellBehaved } from './fault-server.js'

const calls = tracingChannel<unknown, CorbadoCallTrace>('corbado-connect:call')
const names = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
const requestData = { requestID: 'req-77' }

/** Subscribes for the length of a test. Each entry has a copy of the trace at that time, and the trace itself. */
function record(t: Test) {
  const seen: { name: string; copy: CorbadoCallTrace; trace: CorbadoCallTrace }[] = []
  const subscriber = (name: string) => (trace: CorbadoCallTrace) => void seen.push({ name, copy: { ...trace }, trace })
  const subscribers = {
    start: subscriber('start'),
    end: subscriber('end'),
    asyncStart: subscriber('asyncStart'),
    asyncEnd: subscriber('asyncEnd'),
    error: subscriber('error'),
  }
  calls.subscribe(subscribers)
  t.teardown(() => calls.unsubscribe(subscribers))
  return seen
}

async function start(t: Test, reply: Reply, options = {}): Promise<CorbadoClient> {
  const server = await startFaultServer(reply)
  const client = clientOf(server, options)
  t.teardown(async () => {
    await client.close()
    await server.close()
  })
  return client
}

t.test('one trace for each call, from start to asyncEnd', async (t) => {
  const client = await start(t, wellBehaved)
  const seen = record(t)
  for (const [operation, call] of [
    ['connectTokens.create', create],
    ['passkeys.verifySignedData', verify],
  ] as const) {
    t.equal(summary(await call(client)), 'ok')
    const events = seen.splice(0)
    t.strictSame(
      events.map(({ name }) => name),
      ['start', 'end', 'asyncStart', 'asyncEnd'],
    )
    t.equal(new Set(events.map(({ trace }) => trace)).size, 1, 'they share one object')
    t.strictSame(events[0]?.copy, { operation, projectId }, 'nothing else is known at the start')
    const { durationMs = 0, ...rest } = events[3]?.copy ?? {}
    t.match(rest, { operation, projectId, attempts: 1, status: 200 })
    t.ok(durationMs > 0 && durationMs < 5000, `${durationMs} ms`)
  }
})

t.test('every method has its own name', async (t) => {
  const client = await start(t, answer(400, { requestData }))
  const seen = record(t)
  const { connectTokens, users, credentials, identifiers, passkeys } = client
  const methods: Readonly<Record<CorbadoCallTrace['operation'], () => Promise<unknown>>> = {
    'connectTokens.create': () => create(client),
    'connectTokens.list': () => connectTokens.list(),
    'connectTokens.update': () => connectTokens.update('ctk-1', { status: 'consumed' }),
    'connectTokens.delete': () => connectTokens.delete('ctk-1'),
    'passkeys.verifySignedData': () => passkeys.verifySignedData(login),
    'users.list': () => users.list({ webauthnId: 'jane' }),
    'users.get': () => users.get('usr-1'),
    'users.create': () => users.create({ status: 'active', explicitWebauthnID: 'jane' }),
    'users.delete': () => users.delete('usr-1'),
    'credentials.list': () => credentials.list('usr-1'),
    'credentials.delete': () => credentials.delete('usr-1', 'cre-1'),
    'identifiers.list': () => identifiers.list(),
    'identifiers.create': () =>
      identifiers.create('usr-1', { identifierType: 'email', identifierValue: 'jane', status: 'primary' }),
    'identifiers.update': () => identifiers.update('usr-1', 'ide-1', { status: 'primary' }),
    'identifiers.delete': () => identifiers.delete('usr-1', 'ide-1'),
  }
  for (const [operation, call] of Object.entries(methods)) {
    await outcomeOf(call())
    const events = seen.splice(0)
    t.equal(events.at(-1)?.copy.operation, operation)
    t.equal(events.filter(({ name }) => name === 'start').length, 1, `${operation}: one trace`)
  }
})

t.test('a failed call', async (t) => {
  const refused = answer(403, { requestData, error: { type: 'forbidden' } })
  const closed = await startFaultServer(wellBehaved)
  await closed.close()
  const nobody = clientOf(closed)
  const seen = record(t)
  for (const [name, client, call, expected, code] of [
    [
      'refused',
      await start(t, refused),
      create,
      { attempts: 1, status: 403, requestId: 'req-77' },
      'UPSTREAM_UNAVAILABLE',
    ],
    [
      'refused',
      await start(t, refused),
      verify,
      { attempts: 1, status: 403, requestId: 'req-77' },
      'UPSTREAM_UNAVAILABLE',
    ],
    [
      'an attempt too many',
      await start(t, inOrder(answer(500), rawThenReset(''))),
      create,
      { attempts: 2 },
      'UPSTREAM_UNAVAILABLE',
    ],
    ['no answer', await start(t, rawThenReset('')), verify, { attempts: 1 }, 'OUTCOME_UNKNOWN'],
    ['no connection', nobody, verify, { attempts: 3 }, 'UPSTREAM_UNAVAILABLE'],
  ] as const) {
    const outcome = await call(client)
    t.match(outcome, { code: `CORBADO_${code}` }, name)
    const events = seen.splice(0)
    t.strictSame(
      events.map(({ name }) => name),
      ['start', 'end', 'error', 'asyncStart', 'asyncEnd'],
      name,
    )
    for (const { name: event, copy } of events.slice(2)) {
      const { operation, projectId: _, durationMs, error, ...rest } = copy
      t.strictSame(rest, expected, `${name}: ${event}, ${operation}`)
      t.type(durationMs, 'number')
      t.match(error, { code: `CORBADO_${code}` })
    }
  }
})

t.test('retries belong to the call that they serve', async (t) => {
  const client = await start(t, inOrder(answer(503, { requestData }), answer(503), wellBehaved))
  const seen = record(t)
  t.equal(summary(await create(client)), 'ok')
  t.equal(seen.length, 4)
  t.match(seen.at(-1)?.copy, { attempts: 3, status: 200 })
  t.equal(seen.at(-1)?.copy.requestId, undefined, 'the request ID of an earlier attempt is not kept')
})

t.test('no token, secret or identifier is published', async (t) => {
  const secrets = [apiSecret, Buffer.from(apiSecret).toString('base64'), login.signedPasskeyData, 'jane', 'usr-9']
  const echo = answer(500, { requestData: { requestID: 'req-1\njane' }, error: { type: 'jane' }, message: apiSecret })
  for (const reply of [wellBehaved, echo, answer(200, { secret: apiSecret }), rawThenReset('HTTP/1.1 jane\r\n\r\n')]) {
    const client = await start(t, reply)
    const seen = record(t)
    const outcomes = [await create(client), await verify(client), await outcomeOf(client.users.get('usr-9'))]
    const answered = outcomes.flatMap((outcome) => ('value' in outcome ? [JSON.stringify(outcome.value)] : []))
    const connectToken = answered.join().match(/ctk1_\w+/)?.[0]
    if (reply === wellBehaved) t.type(connectToken, 'string', 'there is a connect token to look for')
    t.ok(seen.length >= 12)
    const published = inspect(
      seen.map(({ trace }) => trace),
      { depth: 20, showHidden: true },
    )
    for (const secret of [...secrets, ...(connectToken === undefined ? [] : [connectToken])]) {
      t.notOk(published.includes(secret), `no ${secret}`)
    }
  }
})

t.test('context of bound stores and of the caller', async (t) => {
  const client = await start(t, inOrder(answer(503), wellBehaved, wellBehaved))
  const spans = new AsyncLocalStorage<string>()
  const requests = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const during: unknown[] = []
  calls.start.bindStore(spans, ({ operation }) => `${requests.getStore()} > ${operation}`)
  const subscribers = {
    asyncEnd: ({ operation }: CorbadoCallTrace) => void seen.push([operation, requests.getStore()]),
  }
  const onUndici: ChannelListener = () => void during.push(spans.getStore())
  channel('undici:request:create').subscribe(onUndici)
  calls.asyncEnd.subscribe(subscribers.asyncEnd as ChannelListener)
  t.teardown(() => {
    calls.start.unbindStore(spans)
    channel('undici:request:create').unsubscribe(onUndici)
    calls.asyncEnd.unsubscribe(subscribers.asyncEnd as ChannelListener)
  })
  await Promise.all([requests.run('first', () => create(client)), requests.run('second', () => verify(client))])
  t.equal(spans.getStore(), undefined, 'nothing is left behind')
  t.same(new Set(seen.map(String)), new Set(['connectTokens.create,first', 'passkeys.verifySignedData,second']))
  t.same(
    new Set(during),
    new Set(['first > connectTokens.create', 'second > passkeys.verifySignedData']),
    'each request to Corbado runs in the store of its call',
  )
})

t.test('without a subscriber nothing is published', async (t) => {
  const client = await start(t, wellBehaved)
  const published = names.map((name) => t.capture(calls[name], 'publish'))
  const ran = t.capture(calls.start, 'runStores')
  const noop = (): void => {}
  t.equal(summary(await create(client)), 'ok')
  t.equal(summary(await verify(client)), 'ok')
  t.strictSame([ran(), ...published.map((captured) => captured())].flat(), [])
  // One sub-channel is enough.
  calls.asyncEnd.subscribe(noop)
  t.teardown(() => calls.asyncEnd.unsubscribe(noop))
  t.equal(summary(await verify(client)), 'ok')
  t.equal(ran().length, 1)
})

t.test('a subscriber that throws does not change the call; Node reports its error to the process', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const handled = await runChild('../core/call-trace-process.js', [server.origin, 'handled']).ended
  t.match(handled, { exitCode: 0, stderr: '' })
  const lines = handled.stdout.trim().split('\n')
  t.equal(lines.filter((line) => line === 'uncaught: the subscriber failed').length, 4)
  t.ok(lines.includes('answer: ok'))
  const unhandled = await runChild('../core/call-trace-process.js', [server.origin]).ended
  t.not(
    unhandled.exitCode,
    0,
    'without a handler for uncaughtException the process ends: Node’s rule for every channel',
  )
  t.match(unhandled.stderr, 'the subscriber failed')
})
