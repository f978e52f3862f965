import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { startEmulator } from '@corbado-connect/emulator'
import type { ConnectEvent } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, HeaderSession, type Person } from '../support/people.js'
import { connectTokenPath, openSocket, verifyPath } from '../support/requests.js'
import type { App, Options, Surroundings } from '../support/servers.js'
import { contract, creations, optionsFor, type Scene, verifications } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())
t.setTimeout(120_000)

/** A point that clients come to and wait at. */
class Gate {
  #arrived = 0
  #waiting: { count: number; resolve: () => void } | undefined
  #open: () => void = () => {}
  readonly #opened = new Promise<void>((resolve) => {
    this.#open = resolve
  })

  /** Called by the code under test. */
  readonly pass = async (): Promise<void> => {
    this.#arrived += 1
    if (this.#arrived === this.#waiting?.count) this.#waiting.resolve()
    await this.#opened
  }

  async arrived(count: number): Promise<void> {
    if (this.#arrived < count) await new Promise<void>((resolve) => (this.#waiting = { count, resolve }))
  }

  open(): void {
    this.#open()
  }
}

/** The server's side of its connections. */
class Connections {
  readonly #sockets: Socket[] = []

  readonly add = (raw: IncomingMessage): void => void this.#sockets.push(raw.socket)

  /** Resolves when the server knows that all clients have left. */
  async closed(): Promise<void> {
    await Promise.all(
      this.#sockets.splice(0).map(async (socket) => {
        if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
      }),
    )
  }
}

interface Leaving {
  readonly path: string
  readonly clients: number
  /** Where the clients are when they leave. */
  readonly point: { arrived(count: number): Promise<void>; open(): void }
  readonly body: (index: number) => Promise<string> | string
  /** Bytes of the body that are not sent. */
  readonly missing?: number
}

/** Starts an app, lets clients come to a point and leave there, and closes the app. */
async function leave(
  { t, start }: Scene,
  options: Partial<Options>,
  { path, clients, point, body, missing = 0 }: Leaving,
  surroundings: Surroundings = {},
): Promise<{ events: ConnectEvent[]; session: HeaderSession }> {
  const events: ConnectEvent[] = []
  const session = new HeaderSession()
  const connections = new Connections()
  const { before } = surroundings
  const app: App = await start(
    optionsFor(upstream, { session, ...options, onEvent: (event) => void events.push(event) }),
    {
      ...surroundings,
      before: async (raw) => {
        connections.add(raw)
        await before?.(raw)
      },
    },
  )
  const bodies: string[] = []
  for (let index = 0; index < clients; index += 1) bodies.push(await body(index))
  const sockets = []
  for (const json of bodies) {
    const socket = openSocket(app.port)
    sockets.push(socket)
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nX-Test-User: ${ada.identifier}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${json.length}\r\n\r\n${json.slice(0, json.length - missing)}`,
    )
  }
  await point.arrived(clients)
  for (const socket of sockets) socket.destroy()
  await connections.closed()
  // 'close' is told to the response in the same turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve))
  point.open()
  for (let waitedMs = 0; events.length < clients && waitedMs < 5000; waitedMs += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const closing = performance.now()
  await app.close()
  const closedInMs = performance.now() - closing
  t.ok(closedInMs < 1000, `close() took ${Math.round(closedInMs)} ms`)
  t.equal(events.length, clients, 'one event for each client')
  return { events, session }
}

const summary = (events: readonly ConnectEvent[]): string[] => [
  ...new Set(events.map(({ type, reason, ip }) => `${type} ${reason} ${ip}`)),
]
const login = async (): Promise<string> => JSON.stringify({ signedPasskeyData: await upstream.signIn(ada.identifier) })
const tokenRequest = (): string => '{"type":"passkey-list"}'

contract('2,000 clients that leave during an async hook of the app before ours', async (scene) => {
  const point = new Gate()
  const sent = upstream.count()
  const body = (index: number) => (index % 2 === 0 ? tokenRequest() : '{"signedPasskeyData":"a.b.c"}')
  const { events } = await leave(scene, {}, { path: verifyPath, clients: 2000, point, body }, { before: point.pass })
  // Their address is unknown by the time that they come to us.
  scene.t.strictSame([...new Set(events.map(({ type, reason }) => `${type} ${reason}`))], ['login.refused client_left'])
  scene.t.equal(upstream.count(), sent, 'nothing reached upstream')
})

contract('no verification is spent on clients that left behind a parser of the app', async (scene) => {
  const point = new Gate()
  const sent = verifications(upstream)
  const surroundings = { before: point.pass, jsonFirst: true }
  const { events } = await leave(scene, {}, { path: verifyPath, clients: 100, point, body: login }, surroundings)
  scene.t.strictSame([...new Set(events.map(({ reason }) => reason))], ['client_left'])
  scene.t.equal(verifications(upstream), sent)
})

interface Step {
  readonly name: string
  readonly path: string
  readonly options: (pass: () => Promise<void>) => Partial<Options>
  readonly outcome: string
}

const person = (identifier: string): Person => ({ identifier })
const steps: readonly Step[] = [
  {
    name: 'getUser',
    path: connectTokenPath,
    options: (pass) => ({ findUser: (identifier) => pass().then(() => person(identifier)) }),
    outcome: 'connect_token.refused client_left 127.0.0.1',
  },
  {
    name: 'authorizeConnectToken',
    path: connectTokenPath,
    options: (pass) => ({ authorizeConnectToken: () => pass().then(() => true) }),
    outcome: 'connect_token.refused client_left 127.0.0.1',
  },
  {
    name: 'expectedIdentifier',
    path: verifyPath,
    options: (pass) => ({ expectedIdentifier: ({ webauthnId }) => pass().then(() => webauthnId) }),
    outcome: 'login.refused client_left 127.0.0.1',
  },
  {
    name: 'findUser after the verdict',
    path: verifyPath,
    options: (pass) => ({ findUser: (identifier) => pass().then(() => person(identifier)) }),
    outcome: 'login.refused client_left_after_verdict 127.0.0.1',
  },
]

for (const { name, path, options, outcome } of steps) {
  contract(`200 clients that leave during ${name}`, async (scene) => {
    const point = new Gate()
    const sent = [creations(upstream), verifications(upstream)]
    const body = path === verifyPath ? login : tokenRequest
    const { events, session } = await leave(scene, options(point.pass), { path, clients: 200, point, body })
    scene.t.strictSame(summary(events), [outcome])
    scene.t.strictSame(session.logins, [], 'no session')
    const spent = outcome.includes('after_verdict') ? 200 : 0
    scene.t.strictSame([creations(upstream), verifications(upstream)], [sent[0], (sent[1] ?? 0) + spent])
  })
}

contract('200 clients that leave in the middle of their body', async (scene) => {
  // The app has seen their headers; ours have run when `getUser` has.
  const seen = { count: 0, resolve: () => {} }
  const point = {
    arrived: (count: number) =>
      new Promise<void>((resolve) => {
        seen.resolve = () => (seen.count >= count ? resolve() : undefined)
        seen.resolve()
      }),
    open() {},
  }
  const findUser = (identifier: string): Person => {
    seen.count += 1
    seen.resolve()
    return person(identifier)
  }
  const { events } = await leave(
    scene,
    { findUser },
    { path: connectTokenPath, clients: 200, point, body: tokenRequest, missing: 3 },
  )
  scene.t.strictSame(summary(events), ['connect_token.refused client_left 127.0.0.1'])
})

contract('clients that leave while Corbado is asked', async (scene) => {
  for (const [path, route, body, outcome] of [
    [verifyPath, 'passkeys.verifySignedData', login, 'login.refused client_left_after_verdict 127.0.0.1'],
    [connectTokenPath, 'connectTokens.create', tokenRequest, 'connect_token.refused client_left 127.0.0.1'],
  ] as const) {
    const before = upstream.count({ route })
    const fault = upstream.fault({ route, kind: 'latency', latencyMs: 1000 })
    const point = {
      async arrived(count: number) {
        while (upstream.count({ route }) < before + count) await new Promise((resolve) => setTimeout(resolve, 5))
      },
      open() {},
    }
    const { events, session } = await leave(scene, {}, { path, clients: 20, point, body })
    fault.remove()
    scene.t.strictSame(summary(events), [outcome])
    scene.t.strictSame(session.logins, [], 'nobody receives a session')
  }
})

contract('a client that leaves ends the wait before a retry', async (scene) => {
  const before = creations(upstream)
  const fault = upstream.fault({
    route: 'connectTokens.create',
    kind: 'status',
    status: 429,
    headers: { 'retry-after': '4' },
  })
  const point = {
    async arrived(count: number) {
      while (creations(upstream) < before + count) await new Promise((resolve) => setTimeout(resolve, 5))
      await new Promise((resolve) => setTimeout(resolve, 50))
    },
    open() {},
  }
  const { events } = await leave(scene, {}, { path: connectTokenPath, clients: 1, point, body: tokenRequest })
  fault.remove()
  scene.t.strictSame(summary(events), ['connect_token.refused client_left 127.0.0.1'])
  scene.t.equal(creations(upstream), before + 1, 'and the retry is not sent')
})
