import { type Emulator, startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { createAuthenticator, type Mistakes } from './authenticator.js'
import { type Answer, caller, decode, type Json, objectOf, parse, rawRequest, textOf } from './http.js'

const pageOrigin = 'http://localhost:3000'
const clientBody = { clientInformation: { clientCapabilities: { 'extension:prf': true } }, flags: {} }
const invalid = { status: 400, json: { error: { type: 'validation_error' } } }
const noToken = { status: 401, json: { error: { type: 'login_error' } } }
const notFound = { status: 404, json: { error: { type: 'not_found' } } }
const noProcess = { error: { type: 'validation_error', details: /X-Corbado-Process-ID/ } }

let emulator: Emulator
let processId = ''
t.before(async () => {
  emulator = await startEmulator({ allowedOrigins: [pageOrigin] })
})
t.after(() => emulator.close())
t.beforeEach(async () => {
  emulator.reset()
  processId = await started()
})

/** As Corbado's web client asks from a page. */
const connect = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  caller(emulator, { authorization: '', origin: pageOrigin, 'x-corbado-projectid': emulator.projectId })(
    'POST',
    `/v2/connect/${path}`,
    body,
    { ...(processId !== '' && { 'x-corbado-process-id': processId }), ...headers },
  )

/** The ID of a process that a page has just started. */
async function started(): Promise<string> {
  processId = ''
  return textOf((await connect('append/init', clientBody)).json, 'processID')
}

async function token(type: string, identifier = 'jane@doe.com', maxLifetimeInSeconds = 60): Promise<string> {
  const data = type === 'passkey-append' ? { identifier, displayName: 'Jane' } : { identifier }
  return textOf(
    (await caller(emulator)('POST', '/v2/connectTokens', { type, data, maxLifetimeInSeconds })).json,
    'secret',
  )
}

async function attestationOptions(identifier?: string): Promise<string> {
  const appendTokenValue = await token('passkey-append', identifier)
  return textOf((await connect('append/start', { appendTokenValue, loadedMs: 1 })).json, 'attestationOptions')
}

async function assertionOptions(identifier = 'jane@doe.com'): Promise<string> {
  const start = { identifier, source: 'text-field', loadedMs: 1, identifierHintAvailable: false }
  return textOf((await connect('login/start', start)).json, 'assertionOptions')
}

/** A user with a passkey. */
async function appended(identifier?: string) {
  const authenticator = createAuthenticator(pageOrigin)
  const attestationResponse = authenticator.create(await attestationOptions(identifier))
  const { json, status } = await connect('append/finish', { attestationResponse, completionType: 'manual' })
  if (status !== 200) throw new Error(JSON.stringify(json))
  return { authenticator, json }
}

const finish = (assertionResponse: string, isConditionalUI = false) =>
  connect('login/finish', { assertionResponse, isConditionalUI })

const verify = async (signedPasskeyData: string, username = 'jane@doe.com'): Promise<unknown> =>
  (await caller(emulator)('POST', '/v2/passkey/verifySignedData', { signedPasskeyData, username })).json
    .verificationResult

const challengeOf = (options: string): string => textOf(objectOf(parse(options), 'publicKey'), 'challenge')

async function list(identifier?: string): Promise<Json> {
  return (await connect('manage/list', { connectToken: await token('passkey-list', identifier) })).json
}

t.test('init', async (t) => {
  emulator.clock.set(1_800_000_000_000)
  const common = { expiresAt: 1_800_001_800, frontendApiUrl: emulator.url, flags: { 'conditional-ui-allowed': 'true' } }
  t.match(await connect('append/init', clientBody), {
    status: 200,
    json: { ...common, processID: /^\w{20}$/, appendAllowed: true },
  })
  t.match(await connect('manage/init', clientBody), { json: { ...common, processID: /^\w{20}$/, manageAllowed: true } })
  const { json } = await connect('login/init', clientBody)
  t.match(json, { ...common, token: /^\w{20}$/, loginAllowed: true, newClientEnvHandle: /^ceh-/ })
  t.match(parse(textOf(json, 'conditionalUIChallenge')), { publicKey: { rpId: 'localhost', challenge: String } })
  t.notMatch(json.conditionalUIChallenge, 'allowCredentials')
  t.match(parse(Buffer.from(textOf(json, 'newClientState'), 'base64').toString()), {
    clientEnvHandle: { data: json.newClientEnvHandle, ts: 1_800_000_000_000 },
  })

  const known = { ...clientBody, clientInformation: { clientEnvHandle: 'ceh-known' } }
  const again = await connect('login/init', known, { 'x-corbado-process-id': textOf(json, 'token') })
  t.equal(again.json.token, json.token, 'a process goes on')
  const stale = await connect('login/init', known, { 'x-corbado-process-id': 'abcDEF123' })
  t.not(stale.json.token, 'abcDEF123', 'an unknown process is replaced')
  t.notOk('newClientEnvHandle' in again.json)
  t.notOk('newClientState' in again.json)
  t.match(await connect('login/init', {}), invalid)
  t.match(await connect('login/init', { clientInformation: {} }), invalid, 'without flags')
})

t.test('append', async (t) => {
  const { authenticator, json } = await appended()
  t.match(json, {
    passkeyOperation: {
      operationType: 'append',
      identifierValue: 'jane@doe.com',
      identifierType: 'email',
      ceremonyType: 'local',
    },
  })
  t.match(emulator.passkeys('jane@doe.com'), [
    { identifier: 'jane@doe.com', credentialID: authenticator.credentialID, id: /^cre-/ },
  ])
  t.same(emulator.passkeys('john'), [])

  const options = objectOf(parse(await attestationOptions()), 'publicKey')
  t.match(options, {
    rp: { id: 'localhost' },
    user: { name: 'Jane', displayName: 'Jane' },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: [{ id: authenticator.credentialID }],
  })
})

t.test('what must not become a passkey', async (t) => {
  await appended()
  const attempt = async (mistakes: Mistakes): Promise<Answer> => {
    const attestationResponse = createAuthenticator(pageOrigin).create(await attestationOptions(), mistakes)
    return connect('append/finish', { attestationResponse, completionType: 'manual' })
  }
  t.match(await attempt({ origin: 'http://localhost:3001' }), invalid, 'made on another page')
  t.match(await attempt({ rpId: 'example.com' }), invalid, 'for another relying party')
  t.match(await attempt({ challenge: 'AAAA' }), invalid, 'for an unknown challenge')
  t.match(await attempt({ challenge: challengeOf(await assertionOptions()) }), invalid, 'for the challenge of a login')
  const withoutChallenge = JSON.stringify({
    ...{ id: 'x', rawId: 'x', type: 'public-key' },
    response: { clientDataJSON: Buffer.from('{}').toString('base64url'), attestationObject: 'x', transports: ['usb'] },
  })
  for (const attestationResponse of [
    '',
    'x',
    '{}',
    '[]',
    JSON.stringify({ id: 'x', type: 'public-key' }),
    withoutChallenge,
  ]) {
    t.match(
      await connect('append/finish', { attestationResponse, completionType: 'manual' }),
      invalid,
      attestationResponse,
    )
  }
  const other = createAuthenticator(pageOrigin)
  const attestationResponse = other.create(await attestationOptions())
  emulator.clock.advance(5 * 60_000)
  t.match(await connect('append/finish', { attestationResponse, completionType: 'manual' }), invalid, 'too late')
  emulator.clock.advance(-60_000)
  t.match(
    await connect('append/finish', { attestationResponse, completionType: 'manual' }),
    invalid,
    'a challenge gets one answer',
  )
  t.equal(emulator.passkeys().length, 1)
})

t.test('login', async (t) => {
  const { authenticator } = await appended()
  const [passkey] = emulator.passkeys()
  t.match(parse(await assertionOptions()), {
    publicKey: {
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [{ id: authenticator.credentialID }],
    },
  })

  const assertion = authenticator.get(await assertionOptions())
  const { status, json } = await finish(assertion)
  t.equal(status, 200)
  t.match(json, { passkeyOperation: { operationType: 'verify', identifierValue: 'jane@doe.com' } })
  t.notOk('fallbackOperationError' in json)
  const signedPasskeyData = textOf(json, 'signedPasskeyData')
  t.equal(json.session, signedPasskeyData, 'ready-made components complete with `session`')
  t.match(decode(signedPasskeyData).claims, {
    iss: emulator.projectId,
    webauthnId: 'jane@doe.com',
    credential: passkey?.id,
    processId,
    isCUI: false,
  })
  t.equal(await verify(signedPasskeyData, 'john'), 'user_mismatch')
  t.equal(await verify(signedPasskeyData), 'success')
  t.equal(await verify(signedPasskeyData), 'invalid_challenge')
  t.match(await finish(assertion), invalid, 'a challenge gets one answer')

  const attempt = async (mistakes: Mistakes): Promise<Answer> =>
    finish(authenticator.get(await assertionOptions(), mistakes))
  t.match(await attempt({ origin: 'http://evil.example' }), invalid)
  t.match(await attempt({ rpId: 'evil.example' }), invalid)
  t.match(await attempt({ challenge: challengeOf(await attestationOptions()) }), invalid, 'the challenge of an append')
  t.match(await attempt({ userHandle: 'AAAA' }), invalid)
  t.match(await attempt({ counter: 1 }), invalid, 'a counter that does not grow')

  await appended('john')
  t.match(await finish(authenticator.get(await assertionOptions('john'))), invalid, 'Jane’s passkey for John’s login')
  t.match(await finish(createAuthenticator(pageOrigin).get(await assertionOptions())), {
    status: 404,
    json: { error: { type: 'not_found' } },
  })
})

t.test('login without a passkey is not an HTTP error', async (t) => {
  const start = (identifier: string) => connect('login/start', { identifier, source: 'text-field', loadedMs: 1 })
  t.match(await start('nobody'), {
    status: 200,
    json: {
      assertionOptions: '',
      fallbackOperationError: { initFallback: true, identifier: 'nobody', error: { code: 'no_cbo_user' } },
    },
  })
  await token('passkey-append', 'newcomer')
  const known = await start('newcomer')
  t.match(known, { status: 200, json: { assertionOptions: '', fallbackOperationError: { initFallback: true } } })
  t.notMatch(known.text, 'no_cbo_user')
})

t.test('conditional UI', async (t) => {
  const { authenticator } = await appended()
  const challenge = textOf((await connect('login/init', clientBody)).json, 'conditionalUIChallenge')
  const { json, status } = await finish(authenticator.get(challenge), true)
  t.equal(status, 200)
  t.match(decode(textOf(json, 'signedPasskeyData')).claims, { isCUI: true, webauthnId: 'jane@doe.com' })
  t.equal(await verify(textOf(json, 'signedPasskeyData')), 'success')
  t.match(await finish(authenticator.get(challenge), true), invalid, 'used up')
  t.match(
    await finish(
      createAuthenticator(pageOrigin).get(
        textOf((await connect('login/init', clientBody)).json, 'conditionalUIChallenge'),
      ),
      true,
    ),
    {
      status: 200,
      json: {
        session: '',
        signedPasskeyData: '',
        fallbackOperationError: { initFallback: true, error: { code: 'cui_credential_deleted', message: String } },
      },
    },
    'a passkey that Corbado does not have any more',
  )
})

t.test('a passkey as second factor: the connect token says who it is', async (t) => {
  await appended()
  await appended('john')
  const start = (loginConnectToken: string, identifier = '') =>
    connect('login/start', { identifier, source: 'text-field', loadedMs: 1, loginConnectToken })
  const secret = await token('passkey-login')
  t.match(await start(secret, 'john'), noToken, 'not for John')
  const { json, status } = await start(secret)
  t.equal(status, 200)
  t.match(parse(textOf(json, 'assertionOptions')), {
    publicKey: { allowCredentials: [{ id: emulator.passkeys('jane@doe.com')[0]?.credentialID }] },
  })
  t.match(await start(secret), noToken, 'spent')
  t.match(await start(await token('passkey-list')), noToken, 'of another type')
})

t.test('list and delete', async (t) => {
  emulator.clock.set(new Date('2026-01-02T03:04:05.678Z'))
  const { authenticator } = await appended()
  await appended('john')
  const userHandle = textOf(objectOf(objectOf(parse(await attestationOptions()), 'publicKey'), 'user'), 'id')
  t.match(await list(), {
    rpID: 'localhost',
    userID: userHandle,
    signalAllAcceptedCredentials: true,
    passkeys: [
      {
        id: /^cre-/,
        credentialID: authenticator.credentialID,
        transport: ['internal'],
        created: '2026-01-02T03:04:05',
        createdMs: emulator.clock.now(),
        lastUsed: '2026-01-02T03:04:05',
        status: 'active',
        authenticatorAAGUID: '00000000-0000-0000-0000-000000000000',
        backupEligible: false,
        backupState: false,
        tags: [],
      },
    ],
  })
  t.match(await list('nobody'), { passkeys: [] })

  const [janes] = emulator.passkeys('jane@doe.com')
  const [johns] = emulator.passkeys('john')
  const remove = async (credentialID = '', connectToken?: string): Promise<Answer> =>
    connect('manage/delete', { connectToken: connectToken ?? (await token('passkey-delete')), credentialID })
  t.match(await remove(johns?.id), { status: 404, json: { error: { type: 'not_found' } } }, 'somebody else’s')
  const secret = await token('passkey-delete')
  t.match(await remove('cre-1', secret), { status: 404 }, 'unknown')
  t.match(
    await remove(janes?.id, secret),
    { status: 200, json: { credentialID: janes?.id } },
    'the token was not spent on nothing',
  )
  t.match(await list(), { passkeys: [] })
  t.equal(await assertionOptions(), '', 'nothing to log in with')
  const again = (await appended()).authenticator
  const options = await assertionOptions()
  t.match(await remove(again.credentialID), { status: 200 }, 'by the other ID')
  t.match(await finish(again.get(options)), { status: 404 }, 'deleted between start and finish')
  t.equal(emulator.passkeys('john').length, 1)
})

t.test('connect tokens: right type, right user, in time, once', async (t) => {
  const { authenticator } = await appended()
  const uses: [string, string, (secret: string) => Promise<Answer>][] = [
    [
      'passkey-append',
      'passkey-list',
      (appendTokenValue) => connect('append/start', { appendTokenValue, loadedMs: 1 }),
    ],
    [
      'passkey-delete',
      'passkey-append',
      (connectToken) => connect('manage/delete', { connectToken, credentialID: authenticator.credentialID }),
    ],
  ]
  for (const [type, otherType, use] of uses) {
    t.match(await use('ctk1_unknown'), noToken, 'unknown')
    t.match(await use(await token(otherType)), noToken, `${otherType} is not ${type}`)
    const late = await token(type)
    emulator.clock.advance(60_000)
    t.match(await use(late), noToken, `${type}, expired`)
    const secret = await token(type)
    t.equal((await use(secret)).status, 200)
    t.match(await use(secret), noToken, `${type}, spent`)
    const tokens = (await caller(emulator)('GET', `/v2/connectTokens?filter[]=tokenType:eq:${type}&sort=status`)).json
      .connectTokens
    t.match(tokens, [{ connectTokenStatus: 'consumed' }])
  }
  const race = await token('passkey-append')
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => connect('append/start', { appendTokenValue: race, loadedMs: 1 })),
  )
  t.equal(answers.filter(({ status }) => status === 200).length, 1, 'of ten at once one')

  const id = textOf(
    (await caller(emulator)('POST', '/v2/connectTokens', { type: 'passkey-list', data: { identifier: 'x' } })).json,
    'id',
  )
  t.notMatch(JSON.stringify(emulator.requests()), race, 'no secret in the record')
  t.match(id, /^ctk-/)
})

t.test('a list token serves the first process that uses it, until it expires', async (t) => {
  const connectToken = await token('passkey-list')
  const list = (headers: Record<string, string> = {}) => connect('manage/list', { connectToken }, headers)
  const first = processId
  t.match(await connect('manage/list', { connectToken: await token('passkey-delete') }), noToken, 'of another type')
  t.equal((await list()).status, 200)
  t.equal((await list()).status, 200, 'again, as the list component of Corbado does after a deletion')
  const tokens = await caller(emulator)('GET', '/v2/connectTokens?filter[]=tokenType:eq:passkey-list')
  t.match(tokens.json.connectTokens, [{ connectTokenStatus: 'consumed' }])
  t.notMatch(tokens.text, first, 'whose it is stays inside')

  processId = await started()
  t.match(await list(), noToken, 'another process')
  t.match(await list({ 'x-corbado-process-id': '' }), noToken, 'no process')
  t.equal((await list({ 'x-corbado-process-id': first })).status, 200, 'neither takes it away')

  emulator.clock.advance(60_000)
  t.match(await list({ 'x-corbado-process-id': first }), noToken, 'expired')

  const race = await token('passkey-list')
  const processes = await Promise.all(Array.from({ length: 5 }, started))
  const answers = await Promise.all(
    processes.map((id) => connect('manage/list', { connectToken: race }, { 'x-corbado-process-id': id })),
  )
  t.equal(answers.filter(({ status }) => status === 200).length, 1, 'of five processes at once one')

  processId = ''
  const withoutProcess = { connectToken: await token('passkey-list') }
  t.equal((await connect('manage/list', withoutProcess)).status, 200)
  t.match(await connect('manage/list', withoutProcess), noToken, 'without a process it is good for one list')
})

t.test('append/start says until when its options are good', async (t) => {
  emulator.clock.set(1_800_000_000_000)
  const { json } = await connect('append/start', { appendTokenValue: await token('passkey-append'), loadedMs: 1 })
  t.equal(json.expiresMs, 1_800_000_300_000)
})

t.test('required fields and known values', async (t) => {
  const { authenticator } = await appended()
  const login = { identifier: 'jane@doe.com', source: 'text-field', loadedMs: 1 }
  const assertionResponse = authenticator.get(await assertionOptions())
  const refused: [string, object, string][] = [
    ['login/start', { ...login, identifier: undefined }, 'identifier'],
    ['login/start', { ...login, identifier: 7 }, 'identifier'],
    ['login/start', { ...login, source: undefined }, 'source'],
    ['login/start', { ...login, source: 'link' }, 'source'],
    ['login/start', { ...login, loadedMs: undefined }, 'loadedMs'],
    ['login/start', { ...login, loadedMs: '1' }, 'loadedMs'],
    ['login/start', { ...login, identifierHintAvailable: 'no' }, 'identifierHintAvailable'],
    ['login/finish', { assertionResponse }, 'isConditionalUI'],
    ['login/finish', { assertionResponse, isConditionalUI: 'true' }, 'isConditionalUI'],
    ['append/start', { appendTokenValue: await token('passkey-append') }, 'loadedMs'],
    ['append/start', { loadedMs: 1 }, 'appendTokenValue'],
    ['append/finish', { completionType: 'manual' }, 'attestationResponse'],
    ['append/finish', { attestationResponse: 'x', completionType: 'sometimes' }, 'completionType'],
    ['manage/list', {}, 'connectToken'],
    ['manage/delete', { connectToken: await token('passkey-delete') }, 'credentialID'],
    ['events', {}, 'eventType'],
    ['events', { eventType: 'x' }, 'eventType'],
    ['process/clear', {}, 'processId'],
  ]
  for (const [path, body, field] of refused) {
    const answer = await connect(path, body)
    t.match(answer, { ...invalid, json: { error: { validation: [{ field }] } } }, `${path} ${field}`)
  }
  t.equal((await finish(assertionResponse)).status, 200, 'none of them has spent the answer')
})

t.test('events', async (t) => {
  t.match(await connect('events', { eventType: 'login-error', message: 'x' }), { status: 204, text: '' })
})

t.test('process/clear ends a process', async (t) => {
  t.match(await connect('process/clear', { processId: 'unknown' }), notFound)
  t.match(await connect('process/clear', { processId }), { status: 200, json: { processId } })
  t.match(await connect('process/clear', { processId }), notFound, 'once')
  await connect('events', { eventType: 'login-error' })
  t.match(emulator.requests({ route: 'events.create' }), [{ status: 204, warning: /never started or was cleared/ }])
})

t.test('an operation without its process is answered and warned of, once in the output', async (t) => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))
  const own = await startEmulator({ allowedOrigins: [pageOrigin] })
  t.teardown(() => own.close())
  const send = (path: string, body: object, headers: Record<string, string> = {}) =>
    caller(own, { origin: pageOrigin })('POST', `/v2/connect/${path}`, body, headers)
  const event = (headers?: Record<string, string>) => send('events', { eventType: 'login-error' }, headers)
  const id = textOf((await send('append/init', clientBody)).json, 'processID')
  t.equal((await event({ 'x-corbado-process-id': id })).status, 204)
  for (let turn = 0; turn < 3; turn++) t.equal((await event()).status, 204)
  t.equal((await event({ 'x-corbado-process-id': 'x' })).status, 204)
  await new Promise(setImmediate)
  t.match(
    own.requests({ route: 'events.create' }).map(({ warning }) => warning),
    [null, /is missing/, /is missing/, /is missing/, /never started/],
  )
  own.reset()
  await event()
  await new Promise(setImmediate)
  t.match(warnings, [
    { name: 'CorbadoEmulatorWarning', message: 'events.create: The header X-Corbado-Process-ID is missing.' },
    { name: 'CorbadoEmulatorWarning', message: /events.create: .* never started or was cleared/ },
  ])
  t.equal(warnings.length, 2)
})

t.test('requireProcess: an operation without its process is refused', async (t) => {
  const strict = await startEmulator({ allowedOrigins: [pageOrigin], requireProcess: true })
  t.teardown(() => strict.close())
  const send = (path: string, body: object, headers: Record<string, string> = {}) =>
    caller(strict, { origin: pageOrigin })('POST', `/v2/connect/${path}`, body, headers)
  const event = { eventType: 'login-error' }
  t.match(await send('events', event), { status: 400, json: noProcess })
  t.match(await send('events', event, { 'x-corbado-process-id': 'x' }), { status: 400, json: noProcess })
  const { json } = await send('login/init', clientBody)
  const own = { 'x-corbado-process-id': textOf(json, 'token') }
  t.equal((await send('events', event, own)).status, 204)
  t.equal((await send('process/clear', { processId: json.token })).status, 200)
  t.match(await send('events', event, own), { status: 400, json: noProcess }, 'cleared')
  t.equal((await send('login/init', clientBody, own)).status, 200, 'an init starts a new one')
})

t.test('requireConnectLoginToken: no login without a passkey-login token', async (t) => {
  const strict = await startEmulator({ allowedOrigins: [pageOrigin], requireConnectLoginToken: true })
  t.teardown(() => strict.close())
  const send = (path: string, body: object) =>
    caller(strict, { origin: pageOrigin })('POST', `/v2/connect/${path}`, body)
  const init = await send('login/init', clientBody)
  t.match(init.json, { loginAllowed: true, flags: { 'conditional-ui-allowed': 'false' } })
  t.notOk('conditionalUIChallenge' in init.json, 'conditional UI cannot carry a token')
  const start = { identifier: 'jane', source: 'text-field', loadedMs: 1 }
  t.match(await send('login/start', start), noToken)
  const created = await caller(strict)('POST', '/v2/connectTokens', {
    type: 'passkey-login',
    data: { identifier: 'jane' },
  })
  const loginConnectToken = textOf(created.json, 'secret')
  t.equal((await send('login/start', { ...start, loginConnectToken })).status, 200)
})

t.test('who may call', async (t) => {
  const url = `${emulator.url}/v2/connect/append/init`
  const project = { 'x-corbado-projectid': emulator.projectId }
  const send = (method: string, headers: Record<string, string>) =>
    rawRequest(
      url,
      method,
      { 'content-type': 'application/json', ...headers },
      method === 'POST' ? JSON.stringify(clientBody) : '',
    )

  const preflight = await send('OPTIONS', { origin: pageOrigin, 'access-control-request-method': 'POST' })
  t.equal(preflight.status, 204)
  t.match(Object.fromEntries(preflight.headers), {
    'access-control-allow-origin': pageOrigin,
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers':
      'content-type, x-corbado-projectid, x-corbado-sdk, x-corbado-client-timezone, x-corbado-process-id',
    vary: 'Origin',
  })
  const good = await send('POST', { origin: pageOrigin, ...project })
  t.equal(good.status, 200)
  t.match(Object.fromEntries(good.headers), {
    'access-control-allow-origin': pageOrigin,
    'access-control-allow-credentials': 'true',
    vary: 'Origin',
  })
  t.equal((await send('POST', { origin: pageOrigin })).status, 200, 'native clients name no project')
  const refused = await send('POST', { origin: pageOrigin, 'x-corbado-projectid': 'pro-2' })
  t.match(refused, noToken, 'another project')
  t.equal(refused.headers.get('access-control-allow-origin'), pageOrigin, 'a page may read the error')
  t.equal((await send('POST', project)).status, 200, 'no Origin: not a page')

  emulator.fault({ route: 'append.init', kind: 'status', status: 500, count: 1 })
  t.equal(
    (await send('POST', { origin: pageOrigin, ...project })).headers.get('access-control-allow-origin'),
    pageOrigin,
    'nor does a fault hide behind CORS',
  )

  for (const origin of [
    'http://localhost:3001',
    'https://localhost:3000',
    'http://localhost:3000.evil.example',
    'null',
    emulator.url,
  ]) {
    for (const method of ['OPTIONS', 'POST']) {
      const foreign = await send(method, { origin, ...project })
      const error = { type: 'validation_error', validation: [{ field: 'Origin', message: new RegExp(origin) }] }
      t.match(foreign, { status: 403, json: { error } }, `${method} ${origin}`)
      t.equal(foreign.headers.get('access-control-allow-origin'), null)
    }
  }
  emulator.setAllowedOrigins(['http://localhost:3001'])
  t.teardown(() => emulator.setAllowedOrigins([pageOrigin]))
  t.equal((await send('POST', { origin: 'http://localhost:3001', ...project })).status, 200)
  t.equal((await send('POST', { origin: pageOrigin, ...project })).status, 403)
  for (const wrong of ['*', 'localhost:3000', 'http://localhost:3000/', 'http://LOCALHOST:3000']) {
    t.throws(() => emulator.setAllowedOrigins([wrong]), { name: 'TypeError', message: /setAllowedOrigins/ }, wrong)
  }
  t.match(await caller(emulator, { origin: pageOrigin })('GET', '/v2/connectTokens'), { status: 200 })
  t.equal(
    (await caller(emulator, { origin: pageOrigin })('GET', '/v2/connectTokens')).headers.get(
      'access-control-allow-origin',
    ),
    null,
    'no page calls the Backend API',
  )
})

// The emulator listens, so the process would not end by itself.
t.end()
