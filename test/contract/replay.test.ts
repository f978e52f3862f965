import { createServer as createTlsServer } from 'node:tls'
import { startEmulator } from '@corbado-connect/emulator'
import type { ConnectEvent } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, bob, HeaderSession } from '../support/people.js'
import { askForToken, logIn, send } from '../support/requests.js'
import { frameworks } from '../support/servers.js'
import { runChild } from './child.js'
import { clientFor, contract, optionsFor, verifications } from './contract.js'
import { selfSigned } from './self-signed.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

contract('replay', async ({ t, start, see, refused }) => {
  const session = new HeaderSession()
  const app = await start(optionsFor(upstream, { session }))
  upstream.reset()
  const token = await upstream.signIn(ada.identifier)
  const answers = await Promise.all(Array.from({ length: 100 }, () => logIn(app, token)))
  const accepted = answers.filter(({ status }) => status === 200)
  t.equal(accepted.length, 1, 'one of a hundred')
  for (const [index, answer] of answers.filter(({ status }) => status !== 200).entries()) {
    refused(`loser ${index}`, answer, 'TOKEN_ALREADY_USED')
  }
  t.equal(verifications(upstream), 1, 'one request upstream')
  t.equal(session.logins.length, 1, 'one session')

  // Another signature over the same claims is the same login.
  const [header, claims] = token.split('.')
  refused('another signature', await logIn(app, `${header}.${claims}.c2lnbmF0dXJl`), 'TOKEN_ALREADY_USED')
  t.equal(verifications(upstream), 1)

  const jti = 'one-jti-for-two'
  const [first, second] = await Promise.all([
    upstream.signIn(ada.identifier, { claims: { jti } }),
    upstream.signIn(bob.identifier, { claims: { jti } }),
  ])
  const both = [await logIn(app, first), await logIn(app, second)].map(({ status }) => status)
  t.strictSame(both, [200, 200], 'a jti that an issuer gave twice locks nobody out')
  see('two tokens with one jti', both)
})

contract('one project registered twice in a process', async ({ t, start, refused }) => {
  // An upstream that accepts every token, again and again: only the replay store is left.
  const careless = await startEmulator()
  t.teardown(() => careless.close())
  careless.fault({
    route: 'passkeys.verifySignedData',
    kind: 'status',
    status: 200,
    body: { verificationResult: 'success' },
  })
  const session = new HeaderSession()
  const token = await careless.signIn(ada.identifier)
  for (const [index, prefix] of ['/auth', '/mobile'].entries()) {
    const app = await start({ ...optionsFor(careless, { session }), prefix })
    const path = `${prefix}/verifySignedPasskeyData`
    const answer = await send(app, { path, body: { signedPasskeyData: token } })
    if (index === 0) t.equal(answer.status, 200)
    else refused('the other registration', answer, 'TOKEN_ALREADY_USED')
  }
  t.equal(session.logins.length, 1, 'one session')
})

contract('a full replay store', async ({ t, framework, start, see, refused }) => {
  const replayStore = framework.adapter.memoryReplayStore({ maxEntries: 2 })
  const app = await start(optionsFor(upstream, { replayStore }))
  upstream.reset()
  const tokens = await Promise.all([1, 2, 3].map(() => upstream.signIn(ada.identifier)))
  const statuses = [await logIn(app, tokens[0]), await logIn(app, tokens[1])].map(({ status }) => status)
  t.strictSame(statuses, [200, 200])
  see('while there is room', statuses)
  refused('full', await logIn(app, tokens[2]), 'STORE_UNAVAILABLE')
  refused('nothing live was dropped', await logIn(app, tokens[0]), 'TOKEN_ALREADY_USED')
  t.equal(verifications(upstream), 2, 'fails closed')
})

contract('a replay store that fails', async ({ t, start, refused }) => {
  const fails = () => Promise.reject(new Error('redis://user:password@host is down'))
  upstream.reset()
  const down = await start(optionsFor(upstream, { replayStore: { reserve: fails, markUsed: fails, release: fails } }))
  refused('down', await logIn(down, await upstream.signIn(ada.identifier)), 'STORE_UNAVAILABLE')
  const silent = { reserve: () => new Promise<boolean>(() => {}), markUsed: () => true, release: () => {} }
  const hung = await start(optionsFor(upstream, { replayStore: silent }))
  const before = performance.now()
  refused('silent', await logIn(hung, await upstream.signIn(ada.identifier)), 'STORE_UNAVAILABLE')
  t.ok(performance.now() - before < 2000, 'soon')
  t.equal(verifications(upstream), 0, 'fails closed')

  const session = new HeaderSession()
  const lost = await start(
    optionsFor(upstream, { session, replayStore: { reserve: () => true, markUsed: () => false, release: () => {} } }),
  )
  refused('lost', await logIn(lost, await upstream.signIn(ada.identifier)), 'TOKEN_ALREADY_USED')
  t.strictSame(session.logins, [], 'no session for a reservation that somebody else has')
})

contract('what was never sent gives the token back', async ({ t, start, see, refused }) => {
  const project = await startEmulator()
  const { port } = new URL(project.url)
  const session = new HeaderSession()
  const app = await start(optionsFor(project, { session }))
  const token = await project.signIn(ada.identifier)
  await project.close()

  const answer = await logIn(app, token)
  refused('nobody listens', answer, 'UPSTREAM_UNAVAILABLE')
  t.strictSame(session.logins, [])
  const connectToken = await askForToken(app, ada.identifier)
  refused('nobody listens, connect token', connectToken, 'UPSTREAM_UNAVAILABLE')

  const back = await startEmulator({ port: Number(port) })
  t.teardown(() => back.close())
  back.fault({
    route: 'passkeys.verifySignedData',
    kind: 'status',
    status: 200,
    body: { verificationResult: 'success' },
  })
  const again = await logIn(app, token)
  t.strictSame([again.status, verifications(back)], [200, 1], 'the same token works once upstream is back')
  see('again', again.json)
  t.equal(session.logins.length, 1)
})

contract('a stranger behind the address', async ({ t, start, refused }) => {
  let connections = 0
  const stranger = createTlsServer({ cert: selfSigned.certificate, key: selfSigned.privateKey }, (socket) => {
    socket.end('HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n{"verificationResult":"success"}')
  })
  stranger.on('connection', () => {
    connections += 1
  })
  // The client hangs up on its certificate.
  stranger.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve))
  t.teardown(() => stranger.close())
  const address = stranger.address()
  if (address === null || typeof address === 'string') throw new Error('It does not listen')

  const session = new HeaderSession()
  const events: ConnectEvent[] = []
  const app = await start(
    optionsFor(upstream, {
      session,
      client: { ...clientFor(upstream), backendApi: `https://localhost:${address.port}` },
      onEvent: (event) => void events.push(event),
    }),
  )
  const token = await upstream.signIn(ada.identifier)
  refused('login', await logIn(app, token), 'UPSTREAM_UNAVAILABLE')
  t.equal(connections, 1, 'one connection, no retry')
  refused('released', await logIn(app, token), 'UPSTREAM_UNAVAILABLE')
  refused('connect token', await askForToken(app, ada.identifier), 'UPSTREAM_UNAVAILABLE')
  t.equal(connections, 3, 'one connection each')
  t.strictSame(
    events.map(({ type, reason }) => [type, reason]),
    Array.from({ length: 3 }, () => ['config.error', 'config_certificate']),
  )
  t.strictSame(session.logins, [])
})

t.test('the default replay store warns once, unless only one developer uses it', async (t) => {
  const runs: [env: Record<string, string>, args: string[], warning: string][] = [
    [{ NODE_ENV: 'production' }, [], 'CORBADO_MEMORY_REPLAY_STORE\n'],
    [{ NODE_ENV: '' }, [], 'CORBADO_MEMORY_REPLAY_STORE\n'],
    [{ NODE_ENV: 'development' }, [], ''],
    [{ NODE_ENV: 'test' }, [], ''],
    [{ NODE_ENV: 'development' }, ['cluster'], 'CORBADO_MEMORY_REPLAY_STORE\n'],
  ]
  for (const [index, { name }] of [...frameworks.entries()].slice(0, 1)) {
    for (const [env, args, warning] of runs) {
      const { exitCode, stdout, stderr } = await runChild('./default-store-process.js', [String(index), ...args], env)
        .ended
      t.equal(exitCode, 0, stderr)
      t.equal(stdout, warning, `${name} ${JSON.stringify(env)} ${args}`)
    }
  }
})
