import { inspect } from 'node:util'
import {
  CorbadoClient,
  createConnect,
  isCorbadoError,
  memoryReplayStore,
  type ReplayStore,
} from '@corbado-connect/core'
import t from 'tap'
import { apiSecret, outcomeOf, projectId, summary } from './corbado-calls.js'
import { connectToken, type Reply, startFaultServer, verdict } from './fault-server.js'
import { connectOver, type FlowOptions } from './flows.js'
import { newContext } from './http-context.js'
import { tokenOf } from './passkey-tokens.js'
import { verdictOf } from './scripted-upstream.js'

/** A login that Corbado accepts; what the hooks make of it is under test. */
const loginWith = (options: FlowOptions, signedPasskeyData = tokenOf('jane')): Promise<unknown> =>
  connectOver(() => verdictOf('success'), options).connect.verifyLogin({ signedPasskeyData }, newContext())
const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  )

t.test('a hook that fails: coded, with its error as cause, but never with the token', async (t) => {
  const token = tokenOf('jane')
  const leaks: Record<string, unknown> = {
    message: new Error(`cannot store ${token}`),
    'cause of a cause': new Error('outer', { cause: new Error('inner', { cause: `token ${token}` }) }),
    'request of an HTTP client': Object.assign(new Error('500'), { config: { data: { body: token } } }),
    text: `cannot store ${token}`,
    object: { token },
  }
  for (const [name, thrown] of Object.entries(leaks)) {
    const hooks: [hook: string, code: string, options: FlowOptions][] = [
      ['expectedIdentifier', 'CORBADO_HOOK_FAILED', { expectedIdentifier: () => Promise.reject(thrown) }],
      ['findUser', 'CORBADO_SESSION_FAILED', { findUser: () => Promise.reject(thrown) }],
      ['createSession', 'CORBADO_SESSION_FAILED', { createSession: () => Promise.reject(thrown) }],
    ]
    for (const [hook, code, options] of hooks) {
      const error = await errorOf(loginWith(options, token))
      if (!isCorbadoError(error)) throw error
      t.match(error, { code, statusCode: 500, reason: `${hook}_failed` })
      t.not(error.cause, undefined)
      const printed = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), String(error.stack)]
      for (const text of printed) t.notOk(text.includes(token), `${hook}: ${name}`)
    }
  }
  const harmless = new Error('the database is down')
  const error = await errorOf(loginWith({ createSession: () => Promise.reject(harmless) }))
  t.ok(isCorbadoError(error) && error.cause === harmless, 'an error without secrets is the cause itself')
})

t.test('a hook that refuses on purpose goes through unchanged; other statuses do not', async (t) => {
  for (const statusCode of [400, 403, 418, 499]) {
    const refusal = Object.assign(new Error('suspended'), { statusCode })
    const refuse = () => Promise.reject(refusal)
    for (const options of [{ createSession: refuse }, { findUser: refuse }, { expectedIdentifier: refuse }]) {
      t.equal(await errorOf(loginWith(options)), refusal)
    }
  }
  for (const statusCode of [200, 399, 500, 503, 400.5, '403', undefined]) {
    const thrown = Object.assign(new Error('x'), { statusCode })
    const outcome = await outcomeOf(loginWith({ createSession: () => Promise.reject(thrown) }))
    t.equal(summary(outcome), '500 SESSION_FAILED', String(statusCode))
  }
  for (const thrown of [null, undefined, { statusCode: 403 }, 'no']) {
    const outcome = await outcomeOf(loginWith({ createSession: () => Promise.reject(thrown) }))
    t.equal(summary(outcome), '500 SESSION_FAILED', inspect(thrown))
  }
})

t.test('what createSession may return', async (t) => {
  const connectWith = (createSession: (login: unknown, context: ReturnType<typeof newContext>) => unknown) => {
    const client = connectOver(() => verdictOf('success')).connect.client
    const connect = createConnect<{ identifier: string }, ReturnType<typeof newContext>>({
      client,
      findUser: (identifier) => ({ identifier }),
      session: { getUser: () => null, createSession },
    })
    return outcomeOf(connect.verifyLogin({ signedPasskeyData: tokenOf('jane') }, newContext()))
  }
  for (const body of [{ a: 1 }, [], 'text', 0, false, null, undefined]) {
    t.same(await connectWith(async () => body), { value: body })
  }
  const cyclic: { self?: object } = {}
  cyclic.self = cyclic
  for (const body of [() => {}, Symbol('x'), 1n, cyclic]) {
    t.equal(summary(await connectWith(() => body)), '500 SESSION_FAILED', inspect(body))
  }
  t.equal(summary(await connectWith((_, { http }) => http)), '500 SESSION_FAILED', 'the response, unsent')
  const sentItself = await connectWith((_, { http }) => {
    http.answered = true
    return http
  })
  t.ok('value' in sentItself, 'the response, sent')
})

/** A store that notes when it is closed. */
function closableStore(log: string[]): ReplayStore {
  const memory = memoryReplayStore()
  return {
    reserve: (key, owner, ttlMs) => memory.reserve(key, owner, ttlMs),
    markUsed: (key, owner) => memory.markUsed(key, owner),
    release: (key, owner) => memory.release(key, owner),
    close: () => {
      log.push('store closed')
    },
  }
}

t.test('close: what is under way ends first, what is new is refused, what was handed in stays open', async (t) => {
  let answer = (): void => {}
  const server = await startFaultServer((socket, request) => {
    answer = () => verdict()(socket, request)
  })
  t.teardown(() => server.close())
  const log: string[] = []
  const client = new CorbadoClient({ projectId, apiSecret, backendApi: server.origin })
  t.teardown(() => client.close())
  const connect = createConnect({
    client,
    replayStore: closableStore(log),
    findUser: (identifier) => ({ identifier }),
    session: { getUser: () => null, createSession: () => 'session' },
  })
  const login = () => connect.verifyLogin({ signedPasskeyData: tokenOf('jane') }, newContext())
  const running = login().then((body) => log.push(`login: ${body}`))
  await server.arrived(1)
  const closing = connect.close().then(() => log.push('closed'))
  const user = { identifier: 'jane' }
  const refused = [
    login(),
    connect.issueConnectToken({ user, type: 'passkey-list' }),
    connect.verifyPasskey({ user, signedPasskeyData: '' }),
  ]
  for (const call of refused) t.equal(summary(await outcomeOf(call)), '503 SHUTTING_DOWN retryable')
  t.same(log, [])
  answer()
  await Promise.all([running, closing])
  t.same(log, ['login: session', 'closed'])
  await connect.close()
  const reached = client.connectTokens.list().catch(() => {})
  await server.arrived(2)
  answer()
  await reached
})

t.test('close: a client that was made from options is closed', async (t) => {
  const closing: Reply = connectToken
  const server = await startFaultServer(closing)
  t.teardown(() => server.close())
  const connect = createConnect({
    client: { projectId, apiSecret, backendApi: server.origin },
    findUser: () => null,
    session: { getUser: () => null, createSession: () => null },
  })
  await connect.issueConnectToken({ user: { identifier: 'jane' }, type: 'passkey-list' })
  await connect.close()
  await server.ended(1)
  t.match(summary(await outcomeOf(connect.client.connectTokens.list())), /503 UPSTREAM_UNAVAILABLE/)
  t.equal(server.requests.length, 1)
})

t.test('options of the flows: wrong ones are refused by name', async (t) => {
  const session = { getUser: () => null, createSession: () => null }
  const good = { client: { projectId, apiSecret }, findUser: () => null, session }
  const wrong: [RegExp, object | undefined][] = [
    [/options object/, undefined],
    [/"finduser"/, { ...good, finduser: () => null }],
    [/^findUser/, { ...good, findUser: undefined }],
    [/^session/, { ...good, session: undefined }],
    [/^session.getUser/, { ...good, session: { createSession: () => null } }],
    [/^session.createSession/, { ...good, session: { getUser: () => null } }],
    [/^session.destroySession/, { ...good, session: { ...session, destroySession: true } }],
    [/"createsession"/, { ...good, session: { ...session, createsession: () => null } }],
    [/"secret"/, { ...good, client: { projectId, secret: apiSecret } }],
    [/^prefix/, { ...good, prefix: 'auth' }],
    [/^prefix/, { ...good, prefix: '/auth/' }],
    [/^routes.verify/, { ...good, routes: { verify: 'verify' } }],
    [/^routes.connectToken/, { ...good, routes: { connectToken: true } }],
    [/"connecttoken"/, { ...good, routes: { connecttoken: false } }],
    [/two paths/, { ...good, routes: { connectToken: '/a', verify: '/a' } }],
    [/^tokenTypes/, { ...good, tokenTypes: [] }],
    [/^tokenTypes/, { ...good, tokenTypes: ['passkey-admin'] }],
    [/^tokenTypes: passkey-login/, { ...good, tokenTypes: ['passkey-login'] }],
    [/^authorizeConnectToken/, { ...good, authorizeConnectToken: true }],
    [/^tokenLifetimeSeconds/, { ...good, tokenLifetimeSeconds: 0 }],
    [/^tokenLifetimeSeconds/, { ...good, tokenLifetimeSeconds: '300' }],
    [/^expectedIdentifier/, { ...good, expectedIdentifier: 'jane' }],
    [/^rateLimit/, { ...good, rateLimit: true }],
    [/^rateLimit.verify.max/, { ...good, rateLimit: { verify: { max: 0, windowMs: 1 } } }],
    [/^rateLimit.connectToken.windowMs/, { ...good, rateLimit: { connectToken: { max: 1, windowMs: '1m' } } }],
    [/^rateLimit.redis/, { ...good, rateLimit: { redis: {} } }],
    [/^replayStore.markUsed/, { ...good, replayStore: { reserve: () => true, release: () => {} } }],
    [/^allowedOrigins/, { ...good, allowedOrigins: '*' }],
    [/^allowedOrigins/, { ...good, allowedOrigins: ['*'] }],
    [/^allowedOrigins/, { ...good, allowedOrigins: [/example/] }],
    [/^allowedOrigins/, { ...good, allowedOrigins: ['https://*.example.com'] }],
    [/^allowedOrigins/, { ...good, allowedOrigins: ['https://app.example.com/'] }],
    [/^allowNonBrowserClients/, { ...good, allowNonBrowserClients: 'yes' }],
    [/^issuer/, { ...good, issuer: '' }],
    [/^algorithms/, { ...good, algorithms: [] }],
    [/^algorithms/, { ...good, algorithms: ['none'] }],
    [/^algorithms/, { ...good, algorithms: ['HS256'] }],
    [/^clientState/, { ...good, clientState: 'on' }],
    [/^onEvent/, { ...good, onEvent: {} }],
  ]
  for (const [message, options] of wrong) {
    t.throws(() => Reflect.apply(createConnect, undefined, [options]), { name: 'TypeError', message }, String(message))
  }
  const frozen = Object.freeze({ ...good, allowedOrigins: Object.freeze(['https://a.example']) })
  t.equal(createConnect(frozen).client.projectId, projectId, 'the caller’s object is not changed')
})
