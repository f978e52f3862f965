import { inspect } from 'node:util'
import {
  type ConnectOptions,
  type ConnectUser,
  createConnect,
  type HttpContext,
  memoryReplayStore,
} from '@corbado-connect/core'
import { type Emulator, startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { outcomeOf, summary } from './corbado-calls.js'
import { newContext } from './http-context.js'

type Options = ConnectOptions<ConnectUser, HttpContext>

let corbado: Emulator
t.before(async () => {
  corbado = await startEmulator()
})
t.teardown(() => corbado.close())
t.beforeEach(() => corbado.reset())

const users = new Map<string, ConnectUser>(
  [{ identifier: 'jane', displayName: 'Jane Doe' }, { identifier: 'joe' }].map((user) => [user.identifier, user]),
)

/** The flows over the emulator, as an application would make them; some hooks replaced. */
function setUp(options: Partial<Options> = {}) {
  const sessions: [identifier: string, claimed: unknown][] = []
  const connect = createConnect<ConnectUser>({
    client: { projectId: corbado.projectId, apiSecret: corbado.apiSecret, backendApi: corbado.url },
    findUser: (identifier) => users.get(identifier) ?? null,
    createSession: ({ user, claims }) => {
      sessions.push([user.identifier, claims.webauthnId])
      return { session: user.identifier }
    },
    ...options,
  })
  const login = (signedPasskeyData: string) => connect.verifyLogin({ signedPasskeyData }, newContext())
  return { connect, sessions, login }
}

const verifications = (): number => corbado.count({ route: 'passkeys.verifySignedData' })
t.test('issueConnectToken: the identity is the given user’s, the life time ours', async (t) => {
  const { connect } = setUp({ tokenLifetimeSeconds: 120 })
  const user = { identifier: 'jane', displayName: 'Jane Doe', email: 'canary' }
  const issued = await connect.issueConnectToken({ user, type: 'passkey-append' })
  t.same(Object.keys(issued), ['connectToken', 'expiresAt'])
  t.match(issued.connectToken, /^ctk1_/)
  t.ok(Math.abs(issued.expiresAt - Date.now() / 1000 - 120) < 5)
  await connect.issueConnectToken({ user: { identifier: 'joe' }, type: 'passkey-append' })
  await connect.issueConnectToken({ user: { identifier: 'joe', displayName: '' }, type: 'passkey-append' })
  for (const type of ['passkey-list', 'passkey-delete', 'passkey-login'] as const) {
    await connect.issueConnectToken({ user, type })
  }
  const maxLifetimeInSeconds = 120
  t.same(
    corbado.requests({ route: 'connectTokens.create' }).map(({ body }) => body),
    [
      { type: 'passkey-append', data: { identifier: 'jane', displayName: 'Jane Doe' }, maxLifetimeInSeconds },
      { type: 'passkey-append', data: { identifier: 'joe', displayName: 'joe' }, maxLifetimeInSeconds },
      { type: 'passkey-append', data: { identifier: 'joe', displayName: 'joe' }, maxLifetimeInSeconds },
      ...['passkey-list', 'passkey-delete', 'passkey-login'].map((type) => ({
        type,
        data: { identifier: 'jane' },
        maxLifetimeInSeconds,
      })),
    ],
  )
  await connect.close()
})

t.test('issueConnectToken: a signal ends it', async (t) => {
  const { connect } = setUp()
  const reason = new Error('the client left')
  const request = { user: { identifier: 'jane' }, type: 'passkey-list' } as const
  await t.rejects(connect.issueConnectToken(request, { signal: AbortSignal.abort(reason) }), reason)
  t.equal(corbado.count({ route: 'connectTokens.create' }), 0)
  await connect.issueConnectToken(request, { signal: new AbortController().signal })
  t.equal(corbado.count({ route: 'connectTokens.create' }), 1)
})

t.test('issueConnectToken: refusals, before anything is sent', async (t) => {
  const { connect } = setUp()
  const issue = async (user: unknown, type: unknown): Promise<string> =>
    summary(await outcomeOf(Reflect.apply(connect.issueConnectToken, connect, [{ user, type }])))
  for (const type of ['passkey-admin', '', 'toString', undefined, ['passkey-list']]) {
    t.equal(await issue({ identifier: 'jane' }, type), '403 TYPE_NOT_ALLOWED', String(type))
  }
  for (const user of [undefined, null, {}, { identifier: '' }, { identifier: ' jane' }, { identifier: 'ja\ud800' }]) {
    t.equal(await issue(user, 'passkey-list'), '500 HOOK_FAILED', inspect(user))
  }
  for (const displayName of ['x'.repeat(257), 'x'.repeat(64 * 1024), 'lone \ud800', 7, {}]) {
    const error = await Promise.resolve(
      Reflect.apply(connect.issueConnectToken, connect, [
        { user: { identifier: 'jane', displayName }, type: 'passkey-append' },
      ]),
    ).catch((thrown: unknown) => thrown)
    t.match(error, { code: 'CORBADO_HOOK_FAILED', reason: 'user_display_name' })
  }
  t.equal(corbado.count(), 0)
  t.equal(await issue({ identifier: 'jane', displayName: 'x'.repeat(256) }, 'passkey-append'), 'ok')
})

t.test('verifyLogin: one request, one session, for the user of the verified claims', async (t) => {
  const { connect, sessions, login } = setUp()
  const token = await corbado.signIn('jane')
  t.same(await login(token), { session: 'jane' })
  t.same(sessions, [['jane', 'jane']])
  t.match(corbado.requests({ route: 'passkeys.verifySignedData' }), [{ body: { username: 'jane' } }])
  t.equal(summary(await outcomeOf(login(token))), '409 TOKEN_ALREADY_USED')
  t.equal(verifications(), 1)
  // A second instance with a store of its own: Corbado's single use is the first lock.
  const elsewhere = setUp({ replayStore: memoryReplayStore() })
  t.equal(summary(await outcomeOf(elsewhere.login(token))), '401 PASSKEY_REJECTED')
  await connect.close()
})

t.test('verifyLogin: refusals, and whether Corbado was asked', async (t) => {
  const { sessions, login } = setUp()
  const tokens: Record<string, [token: unknown, expected: string, asked: number]> = {
    'no token': [undefined, '400 INVALID_REQUEST', 0],
    'broken form': ['a.b', '400 INVALID_REQUEST', 0],
    'another key': [await corbado.signIn('jane', { signedBy: 'stranger' }), '401 PASSKEY_REJECTED', 1],
    'no signature': [await corbado.signIn('jane', { signedBy: 'nobody' }), '401 PASSKEY_REJECTED', 0],
    'a challenge nobody issued': [
      await corbado.signIn('jane', { claims: { challengeId: 'was-1' } }),
      '401 PASSKEY_REJECTED',
      1,
    ],
    'another project': [await corbado.signIn('jane', { claims: { iss: 'pro-2' } }), '401 PASSKEY_REJECTED', 0],
    'another algorithm': [await corbado.signIn('jane', { header: { alg: 'RS512' } }), '401 PASSKEY_REJECTED', 0],
    'nobody we know': [await corbado.signIn('mallory'), '401 PASSKEY_REJECTED', 1],
  }
  const errors = new Set<string>()
  for (const [name, [signedPasskeyData, expected, asked]] of Object.entries(tokens)) {
    const before = verifications()
    const outcome = await outcomeOf(Reflect.apply(login, undefined, [signedPasskeyData]))
    t.equal(summary(outcome), expected, name)
    t.equal(verifications() - before, asked, name)
    if ('code' in outcome && outcome.statusCode === 401) errors.add(`${outcome.code} ${outcome.retryable}`)
  }
  t.equal(errors.size, 1, 'all refusals look the same')
  t.same(sessions, [])
})

t.test('findUser: another identifier than the one asked for is refused', async (t) => {
  for (const found of ['JANE', 'jane ', 'joe', 'jаne', '']) {
    const { sessions, login } = setUp({ findUser: () => ({ identifier: found }) })
    t.equal(summary(await outcomeOf(login(await corbado.signIn('jane')))), '401 PASSKEY_REJECTED', found)
    t.same(sessions, [])
  }
  const asked: string[] = []
  const { login } = setUp({
    findUser(identifier) {
      asked.push(identifier)
      return null
    },
  })
  await outcomeOf(login(await corbado.signIn('K')))
  t.same(asked, ['K'], 'the Kelvin sign stays what it is')
})

t.test('expectedIdentifier decides for whom Corbado and findUser are asked', async (t) => {
  const { sessions, login } = setUp({ expectedIdentifier: async () => 'joe' })
  t.equal(summary(await outcomeOf(login(await corbado.signIn('jane')))), '401 PASSKEY_REJECTED', 'user_mismatch')
  t.same(await login(await corbado.signIn('joe')), { session: 'joe' })
  t.same(sessions, [['joe', 'joe']])
  for (const wrong of ['', ' joe', 'jo\u202ee']) {
    const broken = setUp({ expectedIdentifier: () => wrong })
    const before = verifications()
    t.equal(summary(await outcomeOf(broken.login(await corbado.signIn('joe')))), '401 PASSKEY_REJECTED')
    t.equal(verifications(), before)
  }
})

t.test('verifyPasskey: a passkey of this user, and no session', async (t) => {
  const { connect, sessions } = setUp({ findUser: () => Promise.reject(new Error('nobody is to be looked up')) })
  const stepUp = (signedPasskeyData: string) =>
    connect.verifyPasskey({ user: { identifier: 'jane' }, signedPasskeyData })
  const mine = await corbado.signIn('jane')
  t.match(await stepUp(mine), { webauthnId: 'jane', iss: corbado.projectId })
  t.equal(summary(await outcomeOf(stepUp(mine))), '409 TOKEN_ALREADY_USED')
  t.match(corbado.requests({ route: 'passkeys.verifySignedData' }).at(-1)?.body, { username: 'jane' })
  const before = verifications()
  for (const other of ['joe', 'JANE', 'jane ', 'ｊane']) {
    const error = await stepUp(await corbado.signIn(other)).catch((thrown: unknown) => thrown)
    t.match(error, { code: 'CORBADO_PASSKEY_REJECTED', statusCode: 401 }, other)
  }
  t.equal(verifications(), before, 'Corbado is not asked about a passkey of another user')
  t.equal(summary(await outcomeOf(stepUp('a.b.c'))), '400 INVALID_REQUEST')
  t.same(sessions, [])
})

t.test('verifyPasskey: how long ago the passkey may have been used', async (t) => {
  const { connect } = setUp()
  const now = Math.floor(Date.now() / 1000)
  const stepUp = async (secondsAgo: number, maxAgeSeconds?: unknown) => {
    const signedPasskeyData = await corbado.signIn('jane', { claims: { iat: now - secondsAgo, nbf: now - secondsAgo } })
    const request = { user: { identifier: 'jane' }, signedPasskeyData, maxAgeSeconds }
    return summary(await outcomeOf(Reflect.apply(connect.verifyPasskey, connect, [request])))
  }
  t.intercept(Date, 'now', { value: () => now * 1000 })
  t.equal(await stepUp(30, 30), 'ok')
  const before = verifications()
  t.equal(await stepUp(31, 30), '401 PASSKEY_REJECTED')
  const error = await connect
    .verifyPasskey({
      user: { identifier: 'jane' },
      signedPasskeyData: await corbado.signIn('jane', { claims: { iat: now - 61 } }),
      maxAgeSeconds: 60,
    })
    .catch((thrown: unknown) => thrown)
  t.match(error, { reason: 'local_too_old' })
  t.equal(verifications(), before, 'Corbado is not asked')
  t.equal(await stepUp(100), 'ok', 'no limit by default')
  for (const wrong of [0, -1, 1.5, '60', null, 901, Number.NaN]) {
    await t.rejects(
      connect.verifyPasskey(
        JSON.parse('{"user":{"identifier":"jane"},"signedPasskeyData":"a.b.c","maxAgeSeconds":0}', (name, value) =>
          name === 'maxAgeSeconds' ? wrong : value,
        ),
      ),
      { name: 'TypeError', message: /verifyPasskey: `maxAgeSeconds` must be a whole number/ },
    )
  }
})

t.test('a step-up and a login share the lock on single use', async (t) => {
  const { connect, login } = setUp()
  const token = await corbado.signIn('jane')
  await connect.verifyPasskey({ user: { identifier: 'jane' }, signedPasskeyData: token })
  t.equal(summary(await outcomeOf(login(token))), '409 TOKEN_ALREADY_USED')
})
