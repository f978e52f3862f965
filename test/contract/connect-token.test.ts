import { type FaultAction, startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { ada, bob, HeaderSession, People } from '../support/people.js'
import { type Answer, askForToken, member } from '../support/requests.js'
import { clientFor, contract, creations, type messages, optionsFor } from './contract.js'
import { startTrap } from './trap.js'
import { answered } from './verify-outcomes.js'

const upstream = await startEmulator()
const trap = await startTrap()
t.teardown(() => {
  trap.close()
  return upstream.close()
})

const route = 'connectTokens.create'
const sentBodies = () => upstream.requests({ route }).map(({ body }) => body)

contract('an issued connect token', async ({ t, start, see }) => {
  const app = await start(optionsFor(upstream))
  upstream.reset()
  const before = Math.floor(Date.now() / 1000)
  for (const type of ['passkey-append', 'passkey-list', 'passkey-delete']) {
    const answer = await askForToken(app, ada.identifier, { type })
    t.equal(answer.status, 200, type)
    t.match(member(answer, 'connectToken'), /^ctk1_\w{30}$/)
    t.match(answer.json, { expiresAt: Number })
    const expiresAt = Number(Reflect.get(Object(answer.json), 'expiresAt'))
    t.ok(expiresAt >= before + 300 && expiresAt <= before + 310, 'in Unix seconds, 300 from now')
    t.strictSame(Object.keys(Object(answer.json)), ['connectToken', 'expiresAt'], 'and nothing else')
    t.equal(answer.headers['cache-control'], 'no-store')
    see(type, shape(answer))
  }
  const lifetime = { maxLifetimeInSeconds: 300 }
  t.strictSame(sentBodies(), [
    { type: 'passkey-append', data: { identifier: ada.identifier, displayName: 'Ada Lovelace' }, ...lifetime },
    { type: 'passkey-list', data: { identifier: ada.identifier }, ...lifetime },
    { type: 'passkey-delete', data: { identifier: ada.identifier }, ...lifetime },
  ])
  await askForToken(app, bob.identifier, { type: 'passkey-append' })
  t.match(
    sentBodies().at(-1),
    { data: { identifier: bob.identifier, displayName: bob.identifier } },
    'a user without a display name',
  )
  t.match(upstream.requests({ route })[0]?.headers, {
    authorization: 'Basic …',
    'x-corbado-projectid': upstream.projectId,
  })
  const connections = new Set(upstream.requests({ route }).map(({ connection }) => connection))
  t.equal(connections.size, 1, 'over one connection that is kept')
})

contract('nothing in the body can name a user or a lifetime', async ({ t, start, see }) => {
  const app = await start(optionsFor(upstream, { tokenLifetimeSeconds: 77 }))
  upstream.reset()
  const bodies: unknown[] = [
    {
      type: 'passkey-append',
      identifier: bob.identifier,
      displayName: 'Bob',
      user: { identifier: bob.identifier },
      data: { identifier: bob.identifier, displayName: 'Bob' },
      maxLifetimeInSeconds: 999_999,
      tokenLifetimeSeconds: 999_999,
    },
    `{"type":"passkey-append","__proto__":{"identifier":"${bob.identifier}"}}`,
    '{"type":"passkey-list","type":"passkey-append"}',
  ]
  for (const body of bodies) {
    const answer = await askForToken(app, ada.identifier, body)
    t.equal(answer.status, 200)
    see(JSON.stringify(body), shape(answer))
    t.strictSame(sentBodies().at(-1), {
      type: 'passkey-append',
      data: { identifier: ada.identifier, displayName: 'Ada Lovelace' },
      maxLifetimeInSeconds: 77,
    })
  }
})

contract('types', async ({ t, start, see, refused }) => {
  const login = await start(
    optionsFor(upstream, {
      tokenTypes: ['passkey-login'],
      expectedIdentifier: ({ webauthnId }) => webauthnId,
      authorizeConnectToken: ({ user }) => user.identifier === ada.identifier,
    }),
  )
  const usual = await start(optionsFor(upstream))
  upstream.reset()
  for (const type of [
    'passkey-login',
    'passkey',
    'PASSKEY-LIST',
    'passkey-list ',
    '',
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(9000),
  ]) {
    refused(`type ${type.slice(0, 20)}`, await askForToken(usual, ada.identifier, { type }), 'TYPE_NOT_ALLOWED')
  }
  refused('append is off', await askForToken(login, ada.identifier, { type: 'passkey-append' }), 'TYPE_NOT_ALLOWED')
  refused('vetoed', await askForToken(login, bob.identifier, { type: 'passkey-login' }), 'NOT_AUTHORIZED')
  t.equal(upstream.count(), 0, 'nothing reached upstream')
  const answer = await askForToken(login, ada.identifier, { type: 'passkey-login' })
  t.equal(answer.status, 200)
  see('passkey-login', shape(answer))
})

contract('without a user', async ({ t, start, refused }) => {
  const people = new People(ada, { identifier: 'eve', suspended: true })
  const app = await start(optionsFor(upstream, { findUser: people.find }))
  const hook = (user: unknown) =>
    start(optionsFor(upstream, { session: Object.assign(new HeaderSession(), { getUser: () => user }) }))
  upstream.reset()
  refused('nobody', await askForToken(app, null), 'NOT_AUTHENTICATED')
  refused('unknown', await askForToken(app, 'nobody'), 'NOT_AUTHENTICATED')
  refused('suspended', await askForToken(app, 'eve'), 'NOT_AUTHENTICATED')
  refused('undefined', await askForToken(await hook(undefined), null), 'NOT_AUTHENTICATED')
  for (const user of [{}, { identifier: '' }, { identifier: 7 }, { identifier: ' ada' }, { identifier: 'a\nb' }]) {
    refused(`user ${JSON.stringify(user)}`, await askForToken(await hook(user), null), 'HOOK_FAILED')
  }
  t.equal(upstream.count(), 0, 'nothing reached upstream')
})

type Row = [
  name: string,
  action: FaultAction & { count?: number },
  code: keyof typeof messages,
  calls: number,
  retryAfter?: string,
]

const invalid: [name: string, body: unknown][] = [
  ['no secret', { id: 'ctk-1', tokenType: 'passkey-list', connectTokenStatus: 'initial', expires: 1 }],
  ['an empty secret', token({ secret: '' })],
  ['a number for a secret', token({ secret: 7 })],
  ['a secret of 1 MB', token({ secret: 'x'.repeat(1_000_000) })],
  ['a long secret', token({ secret: 'x'.repeat(600) })],
  ['another type', token({ tokenType: 'passkey-append' })],
  ['a text for a time', token({ expires: '1' })],
  ['no JSON', '<html></html>'],
  ['an array', [token({})]],
  ['nothing', ''],
  [
    'an inherited secret',
    '{"__proto__":{"secret":"x"},"id":"1","tokenType":"passkey-list","connectTokenStatus":"initial","expires":1}',
  ],
]

const rows: readonly Row[] = [
  ...invalid.map(([name, body]): Row => [name, answered(200, body), 'UPSTREAM_INVALID_RESPONSE', 1]),
  ...[201, 204].map((status): Row => [`status ${status}`, answered(status, ''), 'UPSTREAM_INVALID_RESPONSE', 1]),
  ...[301, 302, 307, 308].map(
    (status): Row => [
      `redirect ${status}`,
      answered(status, '', { location: trap.url }),
      'UPSTREAM_INVALID_RESPONSE',
      1,
    ],
  ),
  ...[400, 402, 409, 413, 422].map((status): Row => [`status ${status}`, answered(status), 'UPSTREAM_REJECTED', 1]),
  ...[401, 403, 404, 405].map((status): Row => [`status ${status}`, answered(status), 'UPSTREAM_UNAVAILABLE', 1]),
  ...[408, 500, 502, 504].map((status): Row => [`status ${status}`, answered(status), 'UPSTREAM_REJECTED', 3]),
  ['status 503', answered(503), 'UPSTREAM_UNAVAILABLE', 3],
  ['429 for too long', answered(429, undefined, { 'retry-after': '30' }), 'UPSTREAM_BUSY', 1, '30'],
  ['429 for ever', answered(429, undefined, { 'retry-after': '86400' }), 'UPSTREAM_BUSY', 1, '60'],
  [
    'rate_limited',
    { ...answered(400, undefined, { 'retry-after': '9' }), errorType: 'rate_limited' },
    'UPSTREAM_BUSY',
    1,
    '9',
  ],
  ['reset', { kind: 'reset' }, 'UPSTREAM_UNAVAILABLE', 2],
  ['closed', { kind: 'close' }, 'UPSTREAM_UNAVAILABLE', 2],
  ['cut off', { kind: 'truncate' }, 'UPSTREAM_UNAVAILABLE', 2],
  ['no HTTP', { kind: 'garbage' }, 'UPSTREAM_UNAVAILABLE', 2],
]

contract('outcomes of a creation', async ({ t, start, see, refused }) => {
  for (const [name, action, code, calls, retryAfter] of rows) {
    // Each with a retry budget of its own.
    const app = await start(optionsFor(upstream))
    upstream.reset()
    const fault = upstream.fault({ route, ...action })
    const answer = await askForToken(app, ada.identifier)
    refused(name, answer, code)
    t.equal(answer.headers['retry-after'], retryAfter, `${name}: Retry-After`)
    t.equal(creations(upstream), calls, `${name}: ${calls} calls`)
    fault.remove()
    const again = await askForToken(app, ada.identifier)
    t.equal(again.status, 200, `${name}: works afterwards`)
    see(`${name}: afterwards`, shape(again))
  }
  t.equal(trap.hits, 0, 'no redirect was followed')
})

contract('what a retry mends', async ({ t, start, see }) => {
  const mended: [name: string, action: FaultAction, count: number, calls: number][] = [
    ['503 twice', answered(503), 2, 3],
    ['500 once', answered(500), 1, 2],
    ['reset once', { kind: 'reset' }, 1, 2],
    ['429 for a second', answered(429, undefined, { 'retry-after': '1' }), 1, 2],
  ]
  for (const [name, action, count, calls] of mended) {
    const app = await start(optionsFor(upstream))
    upstream.reset()
    upstream.fault({ route, ...action, count })
    const before = performance.now()
    const answer = await askForToken(app, ada.identifier)
    t.equal(answer.status, 200, name)
    t.equal(creations(upstream), calls, `${name}: ${calls} calls`)
    t.ok(performance.now() - before >= (action.kind === 'status' && action.status === 429 ? 1000 : 10), 'not at once')
    see(name, shape(answer))
  }
})

contract('the deadline', async ({ t, start, refused }) => {
  const app = await start(optionsFor(upstream, { client: { ...clientFor(upstream), timeoutMs: 250 } }))
  upstream.reset()
  upstream.fault({ route, kind: 'hang' })
  const before = performance.now()
  refused('no answer', await askForToken(app, ada.identifier), 'UPSTREAM_TIMEOUT')
  const took = performance.now() - before
  // Far below the default deadline, also on a busy machine.
  t.ok(took >= 240 && took < 2000, `${took} ms`)
  t.ok(creations(upstream) <= 2)
})

contract('a storm of retries stops', async ({ t, start, see }) => {
  const app = await start(optionsFor(upstream))
  upstream.reset()
  upstream.fault({ route, ...answered(500) })
  const requests = 150
  const statuses = new Set<number>()
  for (let sent = 0; sent < requests; sent += 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => askForToken(app, ada.identifier)))
    for (const { status } of answers) statuses.add(status)
  }
  t.strictSame([...statuses], [502])
  t.ok(creations(upstream) <= 1.2 * requests, `${creations(upstream)} calls for ${requests} requests`)
  see('statuses', [...statuses])
})

contract('many users at once', async ({ t, start, see }) => {
  const crowd = Array.from({ length: 50 }, (_, index) => ({ identifier: `user-${index}` }))
  const app = await start(optionsFor(upstream, { findUser: new People(...crowd).find }))
  upstream.reset()
  const answers = await Promise.all(crowd.map(({ identifier }) => askForToken(app, identifier)))
  const secrets = new Set(answers.map((answer) => member(answer, 'connectToken')))
  t.equal(secrets.size, crowd.length, 'a token each')
  const named = sentBodies().map((body) => Reflect.get(Object(Reflect.get(Object(body), 'data')), 'identifier'))
  t.strictSame(named.sort(), crowd.map(({ identifier }) => identifier).sort(), 'everybody for himself')
  see('statuses', [...new Set(answers.map(({ status }) => status))])
})

contract('on the server', async ({ t, start }) => {
  const { members } = await start(optionsFor(upstream))
  upstream.reset()
  const { connectToken, expiresAt } = await members.issueConnectToken({ user: ada, type: 'passkey-append' })
  t.match(connectToken, /^ctk1_/)
  t.type(expiresAt, 'number')
  t.equal(creations(upstream), 1)
  t.equal(members.client.projectId, upstream.projectId)
  const claims = await members.verifyPasskey({ user: ada, signedPasskeyData: await upstream.signIn(ada.identifier) })
  t.equal(claims.webauthnId, ada.identifier)
  const foreign = await upstream.signIn(bob.identifier)
  await t.rejects(members.verifyPasskey({ user: ada, signedPasskeyData: foreign }), {
    code: 'CORBADO_PASSKEY_REJECTED',
    statusCode: 401,
  })
})

function shape({ status, headers, json }: Answer): unknown {
  return [status, headers['content-type'], headers['cache-control'], Object.keys(Object(json))]
}

function token(change: Record<string, unknown>): Record<string, unknown> {
  const good = { id: 'ctk-1', tokenType: 'passkey-list', connectTokenStatus: 'initial', secret: 'ctk1_x', expires: 1 }
  return { ...good, ...change }
}
