import { type Emulator, startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { createAuthenticator } from './authenticator.js'
import { type Answer, caller, decode, rawRequest, textOf } from './http.js'

const pageOrigin = 'http://localhost:3000'
const invalid = { status: 400, json: { error: { type: 'validation_error' } } }

let emulator: Emulator
t.before(async () => {
  emulator = await startEmulator({ allowedOrigins: [pageOrigin] })
})
t.after(() => emulator.close())
t.beforeEach(() => emulator.reset())

const control = (method: string, path: string, body?: unknown): Promise<Answer> =>
  caller(emulator, { authorization: '' })(method, `/_emulator${path}`, body)
const verify = async (signedPasskeyData: string): Promise<unknown> =>
  (await caller(emulator)('POST', '/v2/passkey/verifySignedData', { signedPasskeyData, username: 'jane' })).json
    .verificationResult

t.test('health', async (t) => {
  t.match(await control('GET', '/health'), { status: 200, json: { status: 'ok' } })
})

t.test('sign-in', async (t) => {
  const signIn = async (body: object): Promise<string> =>
    textOf((await control('POST', '/sign-in', body)).json, 'signedPasskeyData')
  t.equal(await verify(await signIn({ identifier: 'jane' })), 'success')
  t.equal(await verify(await signIn({ identifier: 'jane', signedBy: 'stranger' })), 'invalid_signature')
  t.equal(await verify(await signIn({ identifier: 'jane', claims: { iss: 'pro-2' } })), 'invalid_signature')
  const changed = decode(await signIn({ identifier: 'jane', claims: { sub: null, x: 1 }, header: { typ: null } }))
  t.notOk('sub' in changed.claims, 'null leaves a claim out')
  t.equal(changed.claims.x, 1)
  t.notOk('typ' in changed.header)
  for (const body of [
    {},
    [],
    { identifier: '' },
    { identifier: 'jane', signedBy: 'me' },
    { identifier: 'jane', x: 1 },
  ]) {
    t.match(await control('POST', '/sign-in', body), invalid, JSON.stringify(body))
  }
})

t.test('faults', async (t) => {
  const list = async (): Promise<number> => (await caller(emulator)('GET', '/v2/connectTokens')).status
  const { status, json } = await control('POST', '/faults', { route: '*', kind: 'status', status: 503 })
  t.equal(status, 201)
  const path = `/faults/${textOf(json, 'id')}`
  t.equal(await list(), 503)
  t.equal((await control('GET', '/health')).status, 200, 'no fault meets the control')
  t.match(await control('GET', path), { json: { hits: 1 } })
  t.equal((await control('DELETE', path)).status, 204)
  t.equal(await list(), 200)
  t.match(await control('GET', '/faults/fault-0'), { status: 404, json: { error: { type: 'not_found' } } })
  for (const fault of [
    {},
    [],
    { route: '*', kind: 'rest' },
    { route: '*', kind: 'constructor' },
    { route: '*', kind: 'reset', when: 'later' },
    { route: '*', kind: 'status', status: 500, headers: { a: 1 } },
    { route: '*', kind: 'status', status: '500' },
    { route: '*', kind: 'garbage', bytes: 5 },
    { route: '*', kind: 'garbage', ending: 'never' },
    { route: '*', kind: 'garbage', repeat: { bytes: 'x' } },
  ]) {
    t.match(await control('POST', '/faults', fault), invalid, JSON.stringify(fault))
  }
  t.equal(await list(), 200, 'none of them is in place')
})

t.test('clock', async (t) => {
  t.match(await control('POST', '/clock', { set: 1000 }), { status: 200, json: { now: 1000, stopped: true } })
  t.match(await control('POST', '/clock', { advance: 500 }), { json: { now: 1500 } })
  t.equal(emulator.clock.now(), 1500)
  t.match(await control('POST', '/clock', { reset: true }), { json: { stopped: false } })
  t.match(await control('GET', '/clock'), { json: { stopped: false } })
  for (const body of [{ set: 'now' }, { forward: 1 }, []]) t.match(await control('POST', '/clock', body), invalid)
})

t.test('requests and reset', async (t) => {
  await caller(emulator)('GET', '/v2/connectTokens')
  await verify('x')
  t.match(await control('GET', '/requests'), { json: { count: 2, requests: [{ method: 'GET' }, { method: 'POST' }] } })
  const verifications = await control('GET', '/requests?route=passkeys.verifySignedData')
  t.match(verifications.json, { count: 1, requests: [{ status: 200, headers: { authorization: 'Basic …' } }] })
  t.match((await control('GET', '/requests?method=GET&path=/v2/connectTokens')).json, { count: 1 })
  t.match(await control('GET', '/requests?route=verify'), invalid)
  t.match(await control('GET', '/requests?since=1'), invalid)
  t.equal((await control('POST', '/reset')).status, 204)
  t.match(await control('GET', '/requests'), { json: { count: 0, requests: [] } })
})

t.test('seed: users and passkeys that a test has the private keys of', async (t) => {
  const authenticator = createAuthenticator(pageOrigin)
  const { credentialID, publicKey } = authenticator
  const seed = {
    users: [{ identifier: 'jane', displayName: 'Jane Doe', userID: 'usr-1' }],
    passkeys: [{ identifier: 'jane', credentialID, publicKey }],
  }
  for (const [wrong, field] of [
    [{ people: [] }, 'seed.people'],
    [{ users: {} }, 'seed.users'],
    [{ users: [{ identifier: 1 }] }, 'seed.users[0].identifier'],
    [{ users: [{ identifier: 'x', userID: '1' }] }, 'seed.users[0].userID'],
    [{ ...seed, passkeys: [{ identifier: 'jane', credentialID }] }, 'seed.passkeys[0].publicKey'],
    [{ ...seed, passkeys: [{ ...seed.passkeys[0], counter: -1 }] }, 'seed.passkeys[0].counter'],
  ] as const) {
    const details = new RegExp(`^${field.replace(/[[\].]/g, '\\$&')} must`)
    t.match(await control('POST', '/seed', wrong), { ...invalid, json: { error: { details } } }, field)
  }
  t.same(emulator.passkeys(), [], 'a wrong seed adds nothing')

  t.equal((await control('POST', '/seed', seed)).status, 204)
  t.match(emulator.passkeys('jane'), [{ credentialID, id: /^cre-/ }])
  const connect = (path: string, body: object): Promise<Answer> =>
    caller(emulator, { origin: pageOrigin })('POST', `/v2/connect/${path}`, body)
  const start = await connect('login/start', { identifier: 'jane', source: 'text-field', loadedMs: 1 })
  const userHandle = Buffer.from('usr-1').toString('base64url')
  const assertionResponse = authenticator.get(textOf(start.json, 'assertionOptions'), { userHandle })
  const { json } = await connect('login/finish', { assertionResponse, isConditionalUI: false })
  t.equal(await verify(textOf(json, 'signedPasskeyData')), 'success')
})

t.test('no page of another origin controls the emulator', async (t) => {
  const paths = [
    ['GET', '/health'],
    ['POST', '/sign-in'],
    ['POST', '/faults'],
    ['GET', '/faults/fault-1'],
    ['DELETE', '/faults/fault-1'],
    ['GET', '/clock'],
    ['POST', '/clock'],
    ['POST', '/reset'],
    ['POST', '/seed'],
    ['GET', '/requests'],
  ] as const
  await caller(emulator)('GET', '/v2/connectTokens')
  for (const headers of [
    { origin: pageOrigin },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { host: 'rebound.example', origin: 'http://rebound.example' },
  ]) {
    for (const [method, path] of paths) {
      const { status } = await rawRequest(`${emulator.url}/_emulator${path}`, method, headers)
      t.ok(status === 403 || status === 421, `${method} ${path} ${JSON.stringify(headers)}`)
    }
  }
  t.equal(emulator.count(), 1, 'nothing was reset, and none of this is a request to Corbado')
})

// The emulator listens, so the process would not end by itself.
t.end()
