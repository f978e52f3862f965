import { startEmulator } from '@corbado-connect/emulator'
import type { ConnectEvent } from '@corbado-connect/fastify'
import t from 'tap'
import { Agent, type Dispatcher } from 'undici'
import { ada, HeaderSession } from '../support/people.js'
import { askForToken, logIn, openSocket, verifyPath } from '../support/requests.js'
import { frameworks } from '../support/servers.js'
import { runChild } from './child.js'
import { clientFor, contract, optionsFor, verifications } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

/** A hook that is under way until it is let go. */
function gatedSession(): { session: HeaderSession; entered: Promise<void>; open(): void } {
  const { promise: entered, resolve: enter } = deferred()
  const { promise: gate, resolve: open } = deferred()
  const session = Object.assign(new HeaderSession(), {
    createSession: async () => {
      enter()
      await gate
      return { late: true }
    },
  })
  return { session, entered, open }
}

function deferred(): { promise: Promise<void>; resolve(): void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}

contract('closing lets what is in flight finish and refuses what is new', async ({ t, framework, start, see }) => {
  const { session, entered, open } = gatedSession()
  const events: ConnectEvent[] = []
  const app = await start(optionsFor(upstream, { session, onEvent: (event) => void events.push(event) }))
  upstream.reset()
  const token = await upstream.signIn(ada.identifier)
  const inFlight = logIn(app, token)
  // A connection that is alive: its request has begun before the server closes, and arrives afterwards.
  const alive = openSocket(app.port)
  const body = JSON.stringify({ signedPasskeyData: await upstream.signIn(ada.identifier) })
  alive.write(`POST ${verifyPath} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n`)
  await entered

  let closed = false
  const closing = app.close().then(() => {
    closed = true
  })
  // Fastify takes a turn of the event loop before it refuses.
  await new Promise((resolve) => setImmediate(resolve))
  alive.write(`Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const refusal = await alive.closed
  t.match(refusal, /^HTTP\/1\.1 503 /, 'a new request on a live connection is refused')
  t.match(refusal.toLowerCase(), 'connection: close')
  // The known difference: once it closes, Fastify refuses by itself before any plugin sees the request.
  t.match(
    refusal,
    framework.name === 'Fastify 5' ? '"message":"Service Unavailable"' : '"code":"CORBADO_SHUTTING_DOWN"',
  )
  t.equal(closed, false, 'close() waits for the request in flight')
  t.equal(verifications(upstream), 1, 'the refused one did not reach upstream')

  open()
  const answer = await inFlight
  t.strictSame([answer.status, answer.json], [200, { late: true }], 'the request in flight ends well')
  see('in flight', answer.json)
  await closing
  t.equal(events.filter(({ type }) => type === 'login.accepted').length, 1)
  await app.close()
  t.pass('closing twice is no error')
  await t.rejects(app.members.issueConnectToken({ user: ada, type: 'passkey-list' }), { code: 'CORBADO_SHUTTING_DOWN' })
})

contract('what was handed in stays open', async ({ t, framework, start, see }) => {
  const client = new framework.adapter.CorbadoClient(clientFor(upstream))
  let storeClosed = false
  const store = framework.adapter.memoryReplayStore()
  const replayStore = Object.assign(store, {
    close() {
      storeClosed = true
    },
  })
  const app = await start(optionsFor(upstream, { client, replayStore }))
  t.equal((await logIn(app, await upstream.signIn(ada.identifier))).status, 200)
  await app.close()
  const created = await client.connectTokens.create({ type: 'passkey-list', data: { identifier: ada.identifier } })
  t.match(created.secret, /^ctk1_/, 'the client still works')
  t.equal(storeClosed, false, 'the store is not closed')
  await client.close()
  see('created', created.tokenType)
})

contract('a dispatcher that was handed in', async ({ t, start, see, refused }) => {
  let dispatched = 0
  class CountingAgent extends Agent {
    override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      dispatched += 1
      return super.dispatch(options, handler)
    }
  }
  const dispatcher = new CountingAgent()
  t.teardown(() => dispatcher.close())
  const app = await start(optionsFor(upstream, { client: { ...clientFor(upstream), dispatcher } }))
  const answer = await logIn(app, await upstream.signIn(ada.identifier))
  t.strictSame([answer.status, dispatched], [200, 1], 'it sends')
  see('answer', answer.json)
  const nowhere = await startEmulator()
  const gone = await start(optionsFor(nowhere, { client: { ...clientFor(nowhere), dispatcher } }))
  await nowhere.close()
  refused('nobody listens', await logIn(gone, await nowhere.signIn(ada.identifier)), 'UPSTREAM_UNAVAILABLE')
  t.equal(dispatched, 2, 'a verification is never retried over it')
  await app.close()
  t.equal(dispatcher.closed, false, 'it is not closed')
})

contract('a client that goes away', async ({ t, start, see }) => {
  const events: ConnectEvent[] = []
  const { session, entered, open } = gatedSession()
  let onEvent = () => {}
  const app = await start(
    optionsFor(upstream, {
      session,
      onEvent(event) {
        events.push(event)
        onEvent()
      },
    }),
  )
  const nextEvent = () =>
    new Promise<void>((resolve) => {
      onEvent = resolve
    })
  const head = `POST ${verifyPath} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n`
  const early = openSocket(app.port)
  early.write(`${head}Content-Length: 100\r\n\r\n{`)
  // Answered after the first connection's bytes were read: the server works on both in order.
  t.equal((await askForToken(app, ada.identifier)).status, 200)
  const left = nextEvent()
  early.destroy()
  await left
  const late = openSocket(app.port)
  const body = JSON.stringify({ signedPasskeyData: await upstream.signIn(ada.identifier) })
  late.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`)
  await entered
  late.destroy()
  await late.closed
  const ended = nextEvent()
  open()
  await ended
  const seen = events.map(({ type, statusCode }) => [type, statusCode])
  t.strictSame(seen, [
    ['connect_token.issued', undefined],
    ['login.refused', 400],
    ['login.accepted', undefined],
  ])
  see('events', seen)
})

contract('the answer to a request in flight ends its connection while the app closes', async ({ t, start }) => {
  const { session, entered, open } = gatedSession()
  const app = await start(optionsFor(upstream, { session }))
  const body = JSON.stringify({ signedPasskeyData: await upstream.signIn(ada.identifier) })
  const socket = openSocket(app.port)
  socket.write(
    `POST ${verifyPath} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
  await entered
  const closing = app.close()
  // Fastify takes a few turns of the event loop before it closes.
  await new Promise((resolve) => setTimeout(resolve, 50))
  open()
  const answer = await socket.closed
  t.match(answer, /^HTTP\/1\.1 200 /)
  t.match(answer.toLowerCase(), 'connection: close')
  await closing
})

t.test('half a request does not hold the server longer than its grace', async (t) => {
  await Promise.all(
    frameworks.map(async (framework) => {
      const events: ConnectEvent[] = []
      const app = await framework.start(optionsFor(upstream, { onEvent: (event) => void events.push(event) }))
      const socket = openSocket(app.port)
      socket.write(
        `POST ${verifyPath} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n` +
          'Content-Length: 100\r\n\r\n{',
      )
      t.equal((await askForToken(app, ada.identifier)).status, 200)
      const before = performance.now()
      await app.close()
      const seconds = (performance.now() - before) / 1000
      t.ok(seconds > 9 && seconds < 13, `${framework.name}: ${seconds.toFixed(1)} s`)
      t.strictSame(
        events.map(({ reason }) => reason),
        ['ok', 'client_left'],
      )
    }),
  )
})

t.test('a process whose server is closed ends by itself', async (t) => {
  for (const [index, { name }] of frameworks.entries()) {
    const token = await upstream.signIn(ada.identifier)
    const { url, projectId, apiSecret } = upstream
    const child = runChild('./closing-process.js', [String(index), url, projectId, apiSecret, ada.identifier, token])
    t.teardown(() => child.kill())
    await child.printed('closed 200 200')
    const before = performance.now()
    const { exitCode, stderr } = await child.ended
    t.strictSame([exitCode, stderr], [0, ''], name)
    t.ok(performance.now() - before < 2000, `${name}: within two seconds`)
  }
})
