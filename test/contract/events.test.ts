import { startEmulator } from '@corbado-connect/emulator'
import type { ConnectEvent } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, bob, HeaderSession, People } from '../support/people.js'
import { type Answer, askForToken, browser, connectTokenPath, logIn, send, verifyPath } from '../support/requests.js'
import type { App } from '../support/servers.js'
import { comparable, contract, optionsFor } from './contract.js'
import { answered } from './verify-outcomes.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

type Summary = [
  type: ConnectEvent['type'],
  reason: string,
  code?: string | undefined,
  statusCode?: number | undefined,
  more?: Partial<ConnectEvent>,
]

/** What one request has to leave in the audit trail. */
type Row = [
  name: string,
  request: (app: App) => Promise<Answer>,
  event: Summary,
  fault?: Parameters<typeof upstream.fault>[0],
]

const verify = 'passkeys.verifySignedData'
const create = 'connectTokens.create'
const foreign = { 'sec-fetch-site': 'cross-site', 'x-test-user': ada.identifier }
const asAda = { ...browser, 'x-test-user': ada.identifier }
const login = async (app: App, overrides = {}) => logIn(app, await upstream.signIn(ada.identifier, overrides))
const { identifier } = ada
const list = { identifier, tokenType: 'passkey-list' } as const

const rows: readonly Row[] = [
  ['issued', (app) => askForToken(app, identifier), ['connect_token.issued', 'ok', undefined, undefined, list]],
  ['accepted', (app) => login(app), ['login.accepted', 'ok', undefined, undefined, { identifier }]],
  [
    'foreign page, token',
    (app) => send(app, { path: connectTokenPath, headers: foreign }),
    ['connect_token.refused', 'site_foreign', 'ORIGIN_NOT_ALLOWED', 403],
  ],
  [
    'foreign page, login',
    (app) => send(app, { path: verifyPath, headers: foreign }),
    ['login.refused', 'site_foreign', 'ORIGIN_NOT_ALLOWED', 403],
  ],
  [
    'foreign origin',
    (app) => logIn(app, '', { origin: 'https://evil.example' }),
    ['login.refused', 'origin_foreign', 'ORIGIN_NOT_ALLOWED', 403],
  ],
  [
    'bad origin',
    (app) => logIn(app, '', { origin: 'null' }),
    ['login.refused', 'origin_malformed', 'ORIGIN_NOT_ALLOWED', 403],
  ],
  ['no browser', (app) => logIn(app, '', {}), ['login.refused', 'non_browser_client', 'ORIGIN_NOT_ALLOWED', 403]],
  ['nobody', (app) => askForToken(app, null), ['connect_token.refused', 'no_user', 'NOT_AUTHENTICATED', 401]],
  [
    'content type',
    (app) => send(app, { path: verifyPath, headers: { ...browser, 'content-type': 'text/plain' }, body: 'x' }),
    ['login.refused', 'content_type', 'UNSUPPORTED_MEDIA_TYPE', 415],
  ],
  [
    'encoding',
    (app) => send(app, { path: verifyPath, headers: { ...browser, 'content-encoding': 'gzip' }, body: 'x' }),
    ['login.refused', 'content_encoding', 'UNSUPPORTED_MEDIA_TYPE', 415],
  ],
  [
    'too large',
    (app) => send(app, { path: connectTokenPath, headers: asAda, body: 'x'.repeat(20_000) }),
    ['connect_token.refused', 'content_length', 'PAYLOAD_TOO_LARGE', 413, { identifier }],
  ],
  [
    'too large in chunks',
    (app) => send(app, { path: verifyPath, body: 'x'.repeat(20_000), chunked: true }),
    ['login.refused', 'body_size', 'PAYLOAD_TOO_LARGE', 413],
  ],
  ['no JSON', (app) => send(app, { path: verifyPath, body: '{' }), ['login.refused', 'json', 'INVALID_REQUEST', 400]],
  [
    'no object',
    (app) => send(app, { path: verifyPath, body: '[]' }),
    ['login.refused', 'body_shape', 'INVALID_REQUEST', 400],
  ],
  ['no token', (app) => logIn(app, 'x'), ['login.refused', 'token_malformed', 'INVALID_REQUEST', 400]],
  [
    'type',
    (app) => askForToken(app, identifier, { type: 'x' }),
    ['connect_token.refused', 'type', 'TYPE_NOT_ALLOWED', 403, { identifier }],
  ],
  [
    'veto',
    (app) => askForToken(app, bob.identifier),
    [
      'connect_token.refused',
      'authorize_connect_token',
      'NOT_AUTHORIZED',
      403,
      { ...list, identifier: bob.identifier },
    ],
  ],
  [
    'algorithm',
    (app) => login(app, { header: { alg: 'none' } }),
    ['login.refused', 'local_algorithm', 'PASSKEY_REJECTED', 401],
  ],
  [
    'expired',
    (app) => login(app, { claims: { iat: 1, nbf: 1, exp: 301 } }),
    ['login.refused', 'local_expired', 'PASSKEY_REJECTED', 401],
  ],
  [
    'forged',
    (app) => login(app, { signedBy: 'stranger' }),
    ['login.refused', 'invalid_signature', 'PASSKEY_REJECTED', 401, { identifier }],
  ],
  [
    'unknown user',
    async (app) => logIn(app, await upstream.signIn('nobody')),
    ['login.refused', 'user_not_found', 'PASSKEY_REJECTED', 401, { identifier: 'nobody' }],
  ],
  [
    'control characters',
    async (app) => logIn(app, await upstream.signIn('eve\n\u001b[31mlogin.accepted')),
    ['login.refused', 'local_webauthn_id', 'PASSKEY_REJECTED', 401],
  ],
  [
    'no verdict',
    (app) => login(app),
    ['login.unknown', 'no_verdict', 'OUTCOME_UNKNOWN', 502, { identifier }],
    { route: verify, ...answered(200, {}) },
  ],
  [
    'no answer',
    (app) => login(app),
    ['login.unknown', 'no_answer', 'OUTCOME_UNKNOWN', 502, { identifier }],
    { route: verify, kind: 'reset' },
  ],
  [
    'upstream 500',
    (app) => login(app),
    ['login.unknown', 'upstream_500', 'OUTCOME_UNKNOWN', 502, { identifier }],
    { route: verify, ...answered(500) },
  ],
  [
    'upstream 401',
    (app) => login(app),
    ['config.error', 'config_upstream_401', 'UPSTREAM_UNAVAILABLE', 503, { identifier }],
    { route: verify, ...answered(401) },
  ],
  [
    'upstream 429',
    (app) => login(app),
    ['login.refused', 'rate_limited', 'UPSTREAM_BUSY', 503, { identifier }],
    { route: verify, ...answered(429) },
  ],
  [
    'creation 400',
    (app) => askForToken(app, identifier),
    ['connect_token.refused', 'upstream_400', 'UPSTREAM_REJECTED', 502, list],
    { route: create, ...answered(400) },
  ],
  [
    'creation 403',
    (app) => askForToken(app, identifier),
    ['config.error', 'config_upstream_403', 'UPSTREAM_UNAVAILABLE', 503, list],
    { route: create, ...answered(403) },
  ],
  [
    'creation 503',
    (app) => askForToken(app, identifier),
    ['connect_token.refused', 'upstream_503', 'UPSTREAM_UNAVAILABLE', 503, list],
    { route: create, ...answered(503) },
  ],
]

const none = [undefined, undefined, undefined]
const people = () => new People(ada, bob)

contract('one event for each request', async ({ t, start, see }) => {
  const events: ConnectEvent[] = []
  const options = optionsFor(upstream, {
    findUser: people().find,
    authorizeConnectToken: ({ user }) => user.identifier === ada.identifier,
    onEvent: (event) => void events.push(event),
  })
  const app = await start(options)
  for (const [name, request, [type, reason, code, statusCode, more = {}], fault] of rows) {
    const placed = fault === undefined ? undefined : upstream.fault(fault)
    const before = Date.now()
    const answer = await request(app)
    placed?.remove()
    const [event, ...others] = events.splice(0)
    t.strictSame(others, [], `${name}: one event`)
    if (event === undefined) throw new Error(`${name}: no event`)
    const { time, durationMs, ip, requestId, processId, credentialId, corbadoUserId, isCUI, ...rest } = event
    const errors = code === undefined ? {} : { code: `CORBADO_${code}`, statusCode }
    t.strictSame(rest, { type, reason, ...errors, ...more }, name)
    t.equal(answer.status, statusCode ?? 200)
    // What the token claims is known once it has passed the local check.
    const isLogin = !type.startsWith('connect_token') && more.identifier !== undefined && more.tokenType === undefined
    t.match([processId, credentialId, corbadoUserId], isLogin ? [/^\w{20}$/, /^cre-/, /^usr-/] : none, `${name}: IDs`)
    t.equal(isCUI, isLogin ? false : undefined)
    t.ok(time >= before && time <= Date.now(), 'time in milliseconds')
    t.ok(durationMs > 0 && durationMs < 5000, `duration ${durationMs}`)
    t.equal(ip, '127.0.0.1')
    const fromUpstream = fault?.kind === 'status' && fault.status !== 200
    t.equal(requestId, fromUpstream ? upstream.requests().at(-1)?.requestID : undefined, "Corbado's request ID")
    see(name, rest)
  }
  for (const [path, method] of [
    ['/auth/nothing', 'POST'],
    [verifyPath, 'GET'],
    ['/me', 'GET'],
  ] as const) {
    await send(app, { path, method })
    t.strictSame(events, [], `${method} ${path} is no request to our routes`)
  }
})

contract('events of limits, replays and hooks', async ({ t, framework, start, see }) => {
  const events: unknown[] = []
  const refusal = framework.adapter.refuse(403, 'locked')
  const app = await start(
    optionsFor(upstream, {
      rateLimit: { connectToken: { max: 2, windowMs: 60_000 } },
      session: Object.assign(new HeaderSession(), {
        createSession({ user }: { user: { identifier: string } }) {
          if (user.identifier === bob.identifier) throw refusal
          throw new Error('down')
        },
      }),
      onEvent(event, context) {
        t.strictSame(Object.keys(context ?? {}).sort(), framework.contextNames)
        const { type, reason, code, statusCode } = event
        events.push([type, reason, code, statusCode, event.identifier])
      },
    }),
  )
  const token = await upstream.signIn(ada.identifier)
  await logIn(app, token)
  await logIn(app, token)
  await logIn(app, await upstream.signIn(bob.identifier))
  for (let sent = 0; sent < 3; sent += 1) await askForToken(app, ada.identifier)
  t.strictSame(events, [
    ['login.refused', 'createSession_failed', 'CORBADO_SESSION_FAILED', 500, identifier],
    ['login.refused', 'replay', 'CORBADO_TOKEN_ALREADY_USED', 409, identifier],
    ['login.refused', 'hook', undefined, 403, bob.identifier],
    ['connect_token.issued', 'ok', undefined, undefined, identifier],
    ['connect_token.issued', 'ok', undefined, undefined, identifier],
    ['connect_token.refused', 'rate_limit', 'CORBADO_RATE_LIMITED', 429, identifier],
  ])
  see('events', events)
})

contract('a failing onEvent changes nothing', async ({ t, start, see }) => {
  const failing = [
    () => {
      throw new Error('the audit trail is down')
    },
    () => Promise.reject(new Error('the audit trail is down')),
    () => new Promise<void>(() => {}),
  ]
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown) => void unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  t.teardown(() => process.off('unhandledRejection', onUnhandled))
  for (const [index, onEvent] of failing.entries()) {
    const app = await start(optionsFor(upstream, { onEvent }))
    const answers = [
      await askForToken(app, ada.identifier),
      await login(app),
      await login(app, { signedBy: 'stranger' }),
      await logIn(app, 'x'),
    ]
    t.strictSame(
      answers.map(({ status }) => status),
      [200, 200, 401, 400],
    )
    see(`answers ${index}`, answers.map(comparable))
  }
  // Unhandled rejections are told after the microtasks.
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(unhandled, [])
})
