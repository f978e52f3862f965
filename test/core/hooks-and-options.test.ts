import { inspect } from 'node:util'
import {
  CorbadoClient,
  createConnect,
  isCorbadoError,
  memoryReplayStore,
  type ReplayStore,
  refuse,
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

t.test('a deliberate refusal goes through unchanged, other errors do not', async (t) => {
  for (const statusCode of [400, 403, 418, 499]) {
    const refusal = refuse(statusCode, 'suspended')
    const rejects = () => Promise.reject(refusal)
    for (const options of [{ createSession: rejects }, { findUser: rejects }, { expectedIdentifier: rejects }]) {
      t.equal(await errorOf(loginWith(options)), refusal)
    }
  }
  for (const statusCode of [200, 399, 500, 503, 400.5, '403', undefined]) {
    const thrown = Object.assign(new Error('x'), { statusCode, expose: true })
    const outcome = await outcomeOf(loginWith({ createSession: () => Promise.reject(thrown) }))
    t.equal(summary(outcome), '500 SESSION_FAILED', String(statusCode))
  }
  for (const statusCode of [200, 399, 400.5, 500, '403', undefined]) {
    t.throws(() => Reflect.apply(refuse, undefined, [statusCode, 'x']), { name: 'TypeError', message: /`statusCode`/ })
  }
  const unmarked = Object.assign(new Error('x'), { statusCode: 403 })
  for (const thrown of [null, undefined, { statusCode: 403, expose: true }, 'no', unmarked]) {
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
      createSession,
      // The default store is shared by the process, and the same token is submitted again and again.
      replayStore: memoryReplayStore(),
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
    createSession: () => 'session',
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
    createSession: () => null,
  })
  await connect.issueConnectToken({ user: { identifier: 'jane' }, type: 'passkey-list' })
  await connect.close()
  await server.ended(1)
  t.match(summary(await outcomeOf(connect.client.connectTokens.list())), /503 UPSTREAM_UNAVAILABLE/)
  t.equal(server.requests.length, 1)
})

t.test('options of the flows: wrong ones are refused by name', async (t) => {
  const good = { client: { projectId, apiSecret }, findUser: () => null, createSession: () => null }
  const wrong: [RegExp, object | undefined][] = [
    [/^createConnect: the options must be an object/, undefined],
    [/"finduser"/, { ...good, finduser: () => null }],
    [/`findUser` must be a function/, { ...good, findUser: undefined }],
    [/`createSession` must be a function/, { ...good, createSession: undefined }],
    [/`client` must be/, { ...good, client: null }],
    [/"secret"/, { ...good, client: { projectId, secret: apiSecret } }],
    [/`tokenLifetimeSeconds` must be a whole number from 1 to 86400/, { ...good, tokenLifetimeSeconds: 0 }],
    [/`tokenLifetimeSeconds`/, { ...good, tokenLifetimeSeconds: '300' }],
    [/`tokenLifetimeSeconds`/, { ...good, tokenLifetimeSeconds: null }],
    [/`expectedIdentifier`/, { ...good, expectedIdentifier: 'jane' }],
    [/`expectedIdentifier`/, { ...good, expectedIdentifier: null }],
    [/`replayStore.markUsed`/, { ...good, replayStore: { reserve: () => true, release: () => {} } }],
    [/`replayStore/, { ...good, replayStore: null }],
    [/`issuer` must be a non-empty string/, { ...good, issuer: '' }],
    [/`issuer`/, { ...good, issuer: null }],
    [/`algorithms`/, { ...good, algorithms: [] }],
    [/`algorithms`/, { ...good, algorithms: null }],
    [/`algorithms`/, { ...good, algorithms: ['none'] }],
    [/`algorithms`/, { ...good, algorithms: ['HS256'] }],
    [/`algorithms`/, { ...good, algorithms: [['RS256']] }],
  ]
  const routeOptions = {
    session: { getUser: () => null, createSession: () => null },
    prefix: '/auth',
    routes: {},
    tokenTypes: ['passkey-list'],
    authorizeConnectToken: () => true,
    rateLimit: false,
    allowedOrigins: [],
    allowNonBrowserClients: true,
    clientState: true,
    onEvent: () => {},
  }
  for (const [name, value] of Object.entries(routeOptions)) {
    wrong.push([new RegExp(`unknown option "${name}" `), { ...good, [name]: value }])
  }
  for (const [message, options] of wrong) {
    t.throws(() => Reflect.apply(createConnect, undefined, [options]), { name: 'TypeError', message }, String(message))
  }
  for (const [message, options] of wrong.filter(([text]) => text.source !== '"secret"')) {
    const text = messageOf(() => Reflect.apply(createConnect, undefined, [options]))
    t.match(
      text,
      /^createConnect: .* See https:\/\/\S+\/docs\/options\.md#?\S*$/s,
      `${message} links its documentation`,
    )
  }
  const frozen = Object.freeze({ ...good, algorithms: Object.freeze(['RS256']) })
  t.equal(createConnect(frozen).client.projectId, projectId, 'the options object is not changed')
})

function messageOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return error instanceof Error ? error.message : ''
  }
  return ''
}
