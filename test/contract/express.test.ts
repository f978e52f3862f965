import { gzipSync } from 'node:zlib'
import { startEmulator } from '@corbado-connect/emulator'
import type { ConnectEvent } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, HeaderSession } from '../support/people.js'
import { type Answer, askForToken, browser, connectTokenPath, logIn, send, verifyPath } from '../support/requests.js'
import { type Framework, frameworks } from '../support/servers.js'
import { contract, optionsFor, verifications } from './contract.js'
import { answered } from './verify-outcomes.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const isExpress = ({ name }: Framework): boolean => name !== 'Fastify 5'
const onExpress = frameworks.filter(isExpress)
const asAda = { ...browser, 'x-test-user': ada.identifier }

contract(
  'behind an express.json() of the whole app',
  async ({ t, start, see, refused }) => {
    const session = new HeaderSession()
    const app = await start(optionsFor(upstream, { session }), { jsonFirst: true })
    const token = await upstream.signIn(ada.identifier)
    const foreign = { 'sec-fetch-site': 'cross-site' }
    upstream.reset()
    const post = (body: unknown, headers: Record<string, string> = {}) =>
      send(app, { path: connectTokenPath, headers: { ...asAda, ...headers }, body })
    refused('a foreign page', await post({ type: 'passkey-list' }, foreign), 'ORIGIN_NOT_ALLOWED')
    refused(
      'inflated by the app',
      await post(gzipSync('{"type":"passkey-list"}'), { 'content-encoding': 'gzip' }),
      'UNSUPPORTED_MEDIA_TYPE',
    )
    refused(
      'decoded by the app',
      await post(Buffer.from('{"type":"passkey-list"}', 'utf16le'), {
        'content-type': 'application/json; charset=utf-16le',
      }),
      'UNSUPPORTED_MEDIA_TYPE',
    )
    refused(
      'not read by the app',
      await post('{"type":"passkey-list"}', { 'content-type': 'text/plain' }),
      'UNSUPPORTED_MEDIA_TYPE',
    )
    refused('larger than ours', await post({ type: 'passkey-list', more: 'x'.repeat(17_000) }), 'PAYLOAD_TOO_LARGE')
    refused('an array', await post([]), 'INVALID_REQUEST')
    refused('an empty object', await post({}), 'INVALID_REQUEST')
    refused('nothing', await post(''), 'INVALID_REQUEST')
    t.equal(upstream.count(), 0)

    t.equal((await post({ type: 'passkey-list' })).status, 200)
    const again = await upstream.signIn(ada.identifier)
    const answer = await logIn(app, again)
    t.strictSame([answer.status, answer.json], [200, { success: true, user: ada.identifier }])
    refused('replay', await logIn(app, again), 'TOKEN_ALREADY_USED')
    t.equal(verifications(upstream), 1)
    see('answer', answer.json)
    // What the app's own parser refuses is the app's to answer.
    const malformed = await send(app, { path: verifyPath, body: `{"signedPasskeyData":"${token}` })
    t.equal(malformed.status, 400)
    see('malformed', malformed.status)
  },
  onExpress,
)

contract(
  "errors: 'next'",
  async ({ t, start, see, refused }) => {
    const events: ConnectEvent[] = []
    const app = await start(optionsFor(upstream, { onEvent: (event) => void events.push(event) }), { errors: 'next' })
    const token = await upstream.signIn(ada.identifier)
    upstream.reset()
    refused('400', await send(app, { path: verifyPath, body: '{' }), 'INVALID_REQUEST')
    refused('401', await askForToken(app, null), 'NOT_AUTHENTICATED')
    refused('403', await logIn(app, token, { origin: 'https://evil.example' }), 'ORIGIN_NOT_ALLOWED')
    upstream.fault({
      route: 'passkeys.verifySignedData',
      ...answered(429, undefined, { 'retry-after': '7' }),
      count: 1,
    })
    const busy = await logIn(app, token)
    refused('503', busy, 'UPSTREAM_BUSY')
    t.equal(busy.headers['retry-after'], '7')
    refused('requireUser', await send(app, { method: 'GET', path: '/me' }), 'NOT_AUTHENTICATED')
    t.equal(events.length, 4, 'one event for each request to our routes')
    see(
      'events',
      events.map(({ type, reason }) => [type, reason]),
    )
  },
  onExpress,
)

contract(
  "Express's own last handler",
  async ({ t, start, see }) => {
    for (const NODE_ENV of ['development', 'production', 'test']) {
      t.intercept(process, 'env', { value: { ...process.env, NODE_ENV } })
      // Express tells its log of an error, and in production its code alone is told the client.
      const logged = t.capture(console, 'error')
      const failing = Object.assign(new HeaderSession(), {
        createSession() {
          throw new Error('canary of a hook')
        },
      })
      const app = await start(optionsFor(upstream, { session: failing }), { errors: 'next', withoutErrorHandler: true })
      const token = await upstream.signIn(ada.identifier)
      const answers: Answer[] = [
        await send(app, { path: verifyPath, body: `{"signedPasskeyData":"${token}` }),
        await logIn(app, `${token}=`),
        await logIn(app, token),
        await askForToken(app, null),
      ]
      t.strictSame(
        answers.map(({ status }) => status),
        [400, 400, 500, 401],
        NODE_ENV,
      )
      for (const { text, headers } of answers) {
        t.equal(headers['cache-control'], 'no-store')
        t.notOk(text.includes(token.slice(0, 60)) || text.includes('canary'), 'nothing of the request or of the hook')
        if (NODE_ENV === 'production') t.notMatch(text, / at .+:\d+/, 'no stack')
      }
      const log = logged()
        .map(({ args }) => String(args))
        .join('\n')
      t.notOk(log.includes(token.slice(0, 60)), 'no token in the log')
      see(
        NODE_ENV,
        answers.map(({ status }) => status),
      )
    }
  },
  onExpress,
)

contract(
  'one router mounted twice',
  async ({ t, framework, see }) => {
    const { default: express } = await import('express')
    const { express4 } = await import('../support/servers.js')
    const adapter = framework.name === 'Express 4' ? express4.adapter : await import('@corbado-connect/express')
    const app = framework.name === 'Express 4' ? express4.express() : express()
    const events: unknown[] = []
    const limit = { max: 2, windowMs: 60_000 }
    const router = adapter.corbadoConnect({
      ...optionsFor(upstream, { rateLimit: { verify: limit }, onEvent: (event) => void events.push(event.reason) }),
      errors: 'json',
    })
    app.use(router)
    app.use(router)
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    t.teardown(async () => {
      server.close()
      await router.close()
    })
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('It does not listen')
    const statuses: number[] = []
    for (let sent = 0; sent < 3; sent += 1) statuses.push((await logIn(address, 'malformed')).status)
    t.strictSame(statuses, [400, 400, 429], 'counted once')
    t.strictSame(events, ['token_malformed', 'token_malformed', 'rate_limit'], 'told once')
    see('statuses', statuses)
  },
  onExpress,
)
