import { startEmulator } from '@corbado-connect/emulator'
import type { ConnectEvent } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, HeaderSession } from '../support/people.js'
import { connectTokenPath, openSocket, send } from '../support/requests.js'
import { contract, creations, optionsFor } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

contract('a client that leaves while it is looked up', async ({ t, start, see }) => {
  const events: ConnectEvent[] = []
  const gate = { open: () => {}, entered: () => {}, left: () => {} }
  const inGate = new Promise<void>((resolve) => {
    gate.entered = resolve
  })
  const left = new Promise<void>((resolve) => {
    gate.left = resolve
  })
  const session = Object.assign(new HeaderSession(), {
    getUser: () =>
      new Promise<typeof ada>((resolve) => {
        gate.open = () => resolve(ada)
        gate.entered()
      }),
  })
  const onEvent = (event: ConnectEvent) => {
    events.push(event)
    gate.left()
  }
  const before = creations(upstream)
  const app = await start(optionsFor(upstream, { session, onEvent }))
  const socket = openSocket(app.port)
  const body = '{"type":"passkey-list"}'
  socket.write(
    `POST ${connectTokenPath} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
  await inGate
  socket.destroy()
  await left
  gate.open()
  // It waits for all that was let in.
  await app.close()
  const seen = events.map(({ type, reason, ip }) => [type, reason, ip])
  t.strictSame(
    seen,
    [['connect_token.refused', 'client_left', '127.0.0.1']],
    'one event, with the address it came from',
  )
  t.equal(creations(upstream) - before, 0, 'no connect token for nobody')
  see('events', seen)
})

contract('signIn of what is no user makes no session', async ({ framework, start, refused }) => {
  const session = framework.adapter.cookieSession({ secret: 'a secret of the tests, 32 bytes or more' })
  const app = await start(optionsFor(upstream, { session }))
  for (const identifier of ['', ' ada', 'ada\n', 'a'.repeat(513)]) {
    const answer = await send(app, { path: '/login', body: { identifier } })
    refused(JSON.stringify(identifier).slice(0, 10), answer, 'SESSION_FAILED')
  }
})
