import { startEmulator } from '@corbado-connect/emulator'
import t, { type Test } from 'tap'
import { createAuthenticator } from './authenticator.js'
import { caller, decode, type Json, objectOf, textOf } from './http.js'

const origin = 'http://localhost:3000'
const information = { clientInformation: {}, flags: {} }
const notFound = { status: 404, json: { httpStatusCode: 404, error: { type: 'not_found' } } }
const invalid = (field: string) => ({
  status: 400,
  json: { error: { type: 'validation_error', validation: [{ field }] } },
})
const done = { status: 200, json: { httpStatusCode: 200, message: 'OK', requestData: { requestID: /^req-/ } } }

async function started(t: Test) {
  const emulator = await startEmulator({ allowedOrigins: [origin] })
  t.teardown(() => emulator.close())
  const call = caller(emulator)
  const page = caller(emulator, { origin, authorization: '' })
  const tokenFor = async (type: string, identifier: string): Promise<string> => {
    const data = { identifier, displayName: `Name of ${identifier}` }
    return textOf((await call('POST', '/v2/connectTokens', { type, data })).json, 'secret')
  }
  return {
    emulator,
    call,
    page,
    tokenFor,
    /** Creates a passkey as a browser does. */
    async createPasskey(identifier: string) {
      const authenticator = createAuthenticator(origin)
      await page('POST', '/v2/connect/append/init', information)
      const appendTokenValue = await tokenFor('passkey-append', identifier)
      const start = await page('POST', '/v2/connect/append/start', { appendTokenValue, loadedMs: 0 })
      const attestationResponse = authenticator.create(textOf(start.json, 'attestationOptions'))
      t.match(await page('POST', '/v2/connect/append/finish', { attestationResponse }), { status: 200 })
      return authenticator
    },
    startLogin: (identifier: string) =>
      page('POST', '/v2/connect/login/start', { identifier, source: 'text-field', loadedMs: 0 }),
    finishLogin: (assertionResponse: string, isConditionalUI = false) =>
      page('POST', '/v2/connect/login/finish', { assertionResponse, isConditionalUI }),
    /** The only user with this WebAuthn identifier. */
    async userId(identifier: string): Promise<string> {
      const { json } = await call('GET', `/v2/users?webauthnIDs=${encodeURIComponent(identifier)}`)
      const [user] = listOf(json, 'users')
      return textOf(user ?? {}, 'userID')
    },
  }
}

function listOf(json: Json, name: string): Json[] {
  const list = json[name]
  if (!Array.isArray(list)) throw new Error(`${name} is not a list in ${JSON.stringify(json)}`)
  return list
}

const valuesOf = (json: Json, list: string, name: string): unknown[] => listOf(json, list).map((item) => item[name])

t.test('a user of the Frontend API appears with the WebAuthn identifier', async (t) => {
  const { emulator, call, createPasskey, userId } = await started(t)
  emulator.clock.set(new Date('2026-07-17T12:00:00.900Z'))
  await createPasskey('jane@doe.com')
  const id = await userId('jane@doe.com')
  const user = {
    userID: id,
    status: 'active',
    fullName: 'Name of jane@doe.com',
    explicitWebauthnID: 'jane@doe.com',
    updated: '2026-07-17T12:00:00',
    updatedMs: emulator.clock.now(),
  }
  const lists = { emailIdentifiers: [], phoneNumberIdentifiers: [], usernameIdentifiers: [], socialAccounts: [] }
  const created = { created: '2026-07-17T12:00:00', createdMs: emulator.clock.now() }
  t.strictSame((await call('GET', '/v2/users')).json, {
    users: [{ ...user, ...lists, ...created }],
    paging: { page: 1, totalPages: 1, totalItems: 1 },
  })
  t.strictSame((await call('GET', `/v2/users/${id}`)).json, user)
  t.equal(decode(await emulator.signIn('jane@doe.com')).claims.sub, id, 'the claim sub')
  t.match(await call('GET', '/v2/users/usr-1'), notFound)
})

t.test('users.list takes one of the newer parameters, or the older filters', async (t) => {
  const { emulator, call } = await started(t)
  for (const [index, name] of ['jane', 'JANE', 'jané', 'bob'].entries()) {
    emulator.clock.set(index * 1000)
    emulator.seed({ users: [{ identifier: name, displayName: `The ${name}`, userID: `usr-${index}` }] })
  }
  await call('POST', '/v2/users/usr-0/identifiers', { identifierType: 'email', identifierValue: 'jane@doe.com' })
  await call('POST', '/v2/users/usr-3/identifiers', { identifierType: 'phone', identifierValue: '+491' })
  const list = async (query: string) => {
    const answer = await call('GET', `/v2/users?${query}`)
    return answer.status === 200 ? valuesOf(answer.json, 'users', 'explicitWebauthnID') : answer
  }
  for (const [query, found] of [
    ['', ['jane', 'JANE', 'jané', 'bob']],
    ['userID=usr-1', ['JANE']],
    ['userIDs=usr-1&userIDs=usr-3', ['JANE', 'bob']],
    ['userIDs[]=usr-1&userIDs[]=usr-3', ['JANE', 'bob']],
    ['webauthnIDs=jane', ['jane']],
    ['webauthnIDs=jane&webauthnIDs=bob', ['jane', 'bob']],
    ['webauthnIDs=nobody', []],
    ['identifierType=email&identifierValue=jane@doe.com', ['jane']],
    ['identifierType=email&identifierValue=Jane@doe.com', []],
    ['identifierType=phone&identifierValue=jane@doe.com', []],
    ['identifierType=phone&identifierValues=%2B491&identifierValues=x', ['bob']],
    ['filter[]=id:eq:usr-2', ['jané']],
    ['filter[]=fullName:eq:The bob', ['bob']],
    ['filter[]=name:eq:The bob', ['bob']],
    ['filter[]=searchValue:eq:jane@doe.com', ['jane']],
    ['filter[]=searchValue:eq:JANE', ['JANE']],
    ['filter[]=status:eq:disabled', []],
    ['filter[]=created:gt:1970-01-01T00:00:01', ['jané', 'bob']],
    ['filter[]=updated:lt:1970-01-01T00:00:01', ['jane']],
    ['sort=created:desc', ['bob', 'jané', 'JANE', 'jane']],
    ['sort=-created', ['bob', 'jané', 'JANE', 'jane']],
    ['sort=created&page=2&pageSize=3', ['bob']],
    ['webauthnIDs=jane&webauthnIDs=bob&sort=-created&pageSize=1', ['bob']],
  ] as const) {
    t.strictSame(await list(query), found, query)
  }
  for (const [query, field] of [
    ['userID=usr-1&webauthnIDs=jane', 'userID'],
    ['userID=usr-1&userID=usr-2', 'userID'],
    ['identifierValue=jane@doe.com', 'identifierType'],
    ['identifierType=fax&identifierValue=1', 'identifierType'],
    ['identifierType=email', 'identifierType'],
    ['webauthnIds=jane', 'webauthnIds'],
    ['filter[]=webauthnID:eq:jane', 'filter[]'],
    ['filter[]=constructor:eq:jane', 'filter[]'],
    ['sort=-created:desc', 'sort'],
    ['sort=-', 'sort'],
  ] as const) {
    t.match(await list(query), invalid(field), query)
  }
  const many = (count: number) => Array.from({ length: count }, (_, index) => `userIDs=u${index}`).join('&')
  t.strictSame(await list(many(1000)), [])
  t.match(await list(many(1001)), invalid('userIDs'), 'more than 1,000 values')
})

t.test('users.create and users.delete', async (t) => {
  const { call } = await started(t)
  const created = await call('POST', '/v2/users', {
    status: 'pending',
    fullName: 'Jane Doe',
    explicitWebauthnID: 'jane',
  })
  t.match(created, {
    status: 200,
    json: { userID: /^usr-/, status: 'pending', fullName: 'Jane Doe', explicitWebauthnID: 'jane' },
  })
  t.match(await call('POST', '/v2/users', {}), { status: 200, json: { status: 'active' } }, 'the newer description')
  for (const [body, field] of [
    [{ status: 'gone' }, 'status'],
    [{ status: 'active', fullName: 1 }, 'fullName'],
    [{ status: 'active', name: 'Jane' }, 'name'],
    [{ status: 'active', explicitWebauthnID: 'jane' }, 'explicitWebauthnID'],
  ] as const) {
    t.match(await call('POST', '/v2/users', body), invalid(field), JSON.stringify(body))
  }
  const path = `/v2/users/${textOf(created.json, 'userID')}`
  t.match(await call('DELETE', path, '', { 'content-type': 'application/json' }), done)
  t.match(await call('DELETE', path), notFound)
  t.match(await call('GET', path), notFound)
  t.equal(listOf((await call('GET', '/v2/users')).json, 'users').length, 1, 'the other user is left')
})

t.test('credentials of a user', async (t) => {
  const { emulator, call, createPasskey, userId } = await started(t)
  for (const second of [3, 1, 2]) {
    emulator.clock.set(second * 1000)
    await createPasskey('jane')
  }
  await createPasskey('JANE')
  const path = `/v2/users/${await userId('jane')}/credentials`
  const all = await call('GET', path)
  t.match(all.json, { paging: { page: 1, totalPages: 1, totalItems: 3 } })
  t.match(listOf(all.json, 'credentials')[0], {
    id: /^cre-/,
    credentialID: String,
    attestationType: 'none',
    transport: ['internal'],
    status: 'active',
    createdMs: 3000,
    aaguidDetails: { name: String },
    tags: [],
  })
  const created = async (query: string) =>
    valuesOf((await call('GET', `${path}?${query}`)).json, 'credentials', 'createdMs')
  t.strictSame(await created('sort=created:desc'), [3000, 2000, 1000])
  t.strictSame(await created('sort=created&page=2&pageSize=2'), [3000])
  t.strictSame(await created('filter[]=status:eq:active&filter[]=created:lt:1970-01-01T00:00:03'), [1000, 2000])
  t.strictSame(await created('filter[]=status:eq:pending'), [])
  t.strictSame(await created('filter[]=backupState:eq:false'), [3000, 1000, 2000])
  t.match(await call('GET', `${path}?filter[]=aaguid:eq:1`), invalid('filter[]'))
  t.match(await call('GET', '/v2/users/usr-1/credentials'), notFound)

  const id = textOf(listOf(all.json, 'credentials')[1] ?? {}, 'id')
  t.match(await call('DELETE', `/v2/users/${await userId('JANE')}/credentials/${id}`), notFound, 'of another user')
  t.match(await call('DELETE', `${path}/${id}`), done)
  t.match(await call('DELETE', `${path}/${id}`), notFound)
  t.strictSame(await created(''), [3000, 2000])
  t.equal(emulator.passkeys('JANE').length, 1)
})

t.test('a passkey that was deleted no longer signs in', async (t) => {
  const { call, page, createPasskey, startLogin, finishLogin, userId } = await started(t)
  const authenticator = await createPasskey('jane')
  const signIn = async (isConditionalUI = false) => {
    const init = await page('POST', '/v2/connect/login/init', information)
    const options = isConditionalUI
      ? textOf(init.json, 'conditionalUIChallenge')
      : textOf((await startLogin('jane')).json, 'assertionOptions')
    return finishLogin(authenticator.get(options), isConditionalUI)
  }
  t.match(await signIn(), { status: 200, json: { signedPasskeyData: /^eyJ/ } })
  const underWay = textOf((await startLogin('jane')).json, 'assertionOptions')
  const path = `/v2/users/${await userId('jane')}/credentials`
  const id = textOf(listOf((await call('GET', path)).json, 'credentials')[0] ?? {}, 'id')
  t.match(await call('DELETE', `${path}/${id}`), done)
  t.match(await finishLogin(authenticator.get(underWay)), notFound, 'a login that has started')
  t.match(await startLogin('jane'), { json: { fallbackOperationError: { initFallback: true } } })
  t.match(await signIn(true), {
    status: 200,
    json: { signedPasskeyData: '', fallbackOperationError: { error: { code: 'cui_credential_deleted' } } },
  })
})

t.test('deleting a user deletes everything of this user only', async (t) => {
  const { emulator, call, page, createPasskey, tokenFor, startLogin, finishLogin, userId } = await started(t)
  const authenticator = await createPasskey('jane')
  await createPasskey('JANE')
  const id = await userId('jane')
  await call('POST', `/v2/users/${id}/identifiers`, { identifierValue: 'jane@doe.com' })
  const appendTokenValue = await tokenFor('passkey-append', 'jane')
  const start = await page('POST', '/v2/connect/append/start', {
    appendTokenValue: await tokenFor('passkey-append', 'jane'),
    loadedMs: 0,
  })
  const login = textOf((await startLogin('jane')).json, 'assertionOptions')
  const signedPasskeyData = await emulator.signIn('jane')
  const others = await emulator.signIn('JANE')

  t.match(await call('DELETE', `/v2/users/${id}`), done)
  t.strictSame(valuesOf((await call('GET', '/v2/users')).json, 'users', 'explicitWebauthnID'), ['JANE'])
  t.strictSame(emulator.passkeys('jane'), [])
  t.equal(emulator.passkeys('JANE').length, 1)
  t.strictSame((await call('GET', '/v2/identifiers')).json.identifiers, [])
  const tokens = listOf((await call('GET', '/v2/connectTokens')).json, 'connectTokens')
  t.ok(tokens.length > 0 && tokens.every((token) => objectOf(token, 'data').identifier === 'JANE'))
  t.match(await finishLogin(authenticator.get(login)), { status: 400 }, 'a login that has started')
  const attestationResponse = createAuthenticator(origin).create(textOf(start.json, 'attestationOptions'))
  t.match(await page('POST', '/v2/connect/append/finish', { attestationResponse }), { status: 400 })
  t.match(await page('POST', '/v2/connect/append/start', { appendTokenValue, loadedMs: 0 }), { status: 401 })
  const verify = async (token: string, username: string): Promise<unknown> =>
    (await call('POST', '/v2/passkey/verifySignedData', { signedPasskeyData: token, username })).json.verificationResult
  t.equal(await verify(signedPasskeyData, 'jane'), 'invalid_challenge')
  t.equal(await verify(others, 'JANE'), 'success')
  t.match(await startLogin('jane'), { json: { fallbackOperationError: { error: { code: 'no_cbo_user' } } } })
  t.strictSame(valuesOf((await call('GET', '/v2/users')).json, 'users', 'explicitWebauthnID'), ['JANE'])
})

t.test('identifiers', async (t) => {
  const { emulator, call } = await started(t)
  emulator.seed({
    users: [
      { identifier: 'jane', userID: 'usr-1' },
      { identifier: 'bob', userID: 'usr-2' },
    ],
  })
  const created = await call('POST', '/v2/users/usr-1/identifiers', {
    identifierType: 'email',
    identifierValue: 'jane@doe.com',
    status: 'primary',
  })
  const email = { identifierID: /^ide-/, type: 'email', value: 'jane@doe.com', status: 'primary', userID: 'usr-1' }
  t.match(created, { status: 200, json: email })
  t.match(
    await call('POST', '/v2/users/usr-2/identifiers', { identifierValue: 'Jane@doe.com' }),
    { status: 200, json: { type: 'email', status: 'pending' } },
    'the newer description, and another case is another identifier',
  )
  t.match(await call('POST', '/v2/users/usr-2/identifiers', { identifierValue: '+491' }), { json: { type: 'phone' } })
  t.match(await call('POST', '/v2/users/usr-2/identifiers', { identifierValue: 'bob' }), { json: { type: 'username' } })
  for (const [body, field] of [
    [{}, 'identifierValue'],
    [{ identifierValue: '' }, 'identifierValue'],
    [{ identifierValue: 'x', identifierType: 'fax' }, 'identifierType'],
    [{ identifierValue: 'x', status: 'active' }, 'status'],
    [{ identifierValue: 'x', type: 'email' }, 'type'],
    [{ identifierValue: 'jane@doe.com' }, 'identifierValue'],
  ] as const) {
    t.match(await call('POST', '/v2/users/usr-1/identifiers', body), invalid(field), JSON.stringify(body))
  }
  t.match(await call('POST', '/v2/users/usr-3/identifiers', { identifierValue: 'x' }), notFound)

  const list = async (query: string) =>
    valuesOf((await call('GET', `/v2/identifiers?${query}`)).json, 'identifiers', 'value')
  t.strictSame(await list('filter[]=identifierValue:eq:jane@doe.com'), ['jane@doe.com'])
  t.strictSame(await list('filter[]=userID:eq:usr-2&sort=identifierValue:desc'), ['bob', 'Jane@doe.com', '+491'])
  t.strictSame(await list('filter[]=identifierType:eq:phone'), ['+491'])
  t.match(await call('GET', '/v2/identifiers?filter[]=value:eq:x'), invalid('filter[]'))
  t.match((await call('GET', '/v2/users?userID=usr-2')).json, {
    users: [
      {
        emailIdentifiers: [{ value: 'Jane@doe.com' }],
        phoneNumberIdentifiers: [{ value: '+491' }],
        usernameIdentifiers: [{ value: 'bob' }],
      },
    ],
  })

  const path = `/v2/users/usr-1/identifiers/${textOf(created.json, 'identifierID')}`
  t.match(await call('PATCH', path, { status: 'verified' }), { status: 200, json: { ...email, status: 'verified' } })
  t.match(await call('PATCH', path, { status: 'gone' }), invalid('status'))
  t.match(await call('PATCH', path.replace('usr-1', 'usr-2'), { status: 'verified' }), notFound, 'of another user')
  t.match(await call('DELETE', path.replace('usr-1', 'usr-2')), notFound)
  t.match(await call('DELETE', path), done)
  t.match(await call('DELETE', path), notFound)
  t.match(await call('PATCH', path, { status: 'verified' }), notFound)
})

t.test('signIn names the user’s latest passkey', async (t) => {
  const { emulator, createPasskey } = await started(t)
  await createPasskey('jane')
  await createPasskey('jane')
  t.equal(decode(await emulator.signIn('jane')).claims.credential, emulator.passkeys('jane')[1]?.id)
})

t.test('an API key can be limited, the API secret cannot', async (t) => {
  const emulator = await startEmulator({ apiKeyPermissions: ['users:read'] })
  t.teardown(() => emulator.close())
  const call = caller(emulator)
  const byKey = { authorization: `Bearer ${emulator.apiKey}` }
  t.equal((await call('GET', '/v2/users', undefined, byKey)).status, 200)
  for (const [method, path, permission] of [
    ['POST', '/v2/users', 'users:write'],
    ['GET', '/v2/identifiers', 'identifiers:read'],
    ['POST', '/v2/connectTokens', 'connect_tokens:write'],
    ['POST', '/v2/passkey/verifySignedData', 'passkeys:verify'],
  ] as const) {
    const body = method === 'POST' ? {} : undefined
    t.match(
      await call(method, path, body, byKey),
      { status: 403, json: { error: { type: 'login_error', details: permission } } },
      path,
    )
  }
  t.equal((await call('GET', '/v2/identifiers')).status, 200)
  // @ts-expect-error: there is no such permission
  await t.rejects(startEmulator({ apiKeyPermissions: ['users'] }), /apiKeyPermissions must be/)
})

t.test('faults, requests and seeds know the operations', async (t) => {
  const { emulator, call } = await started(t)
  emulator.fault({ route: 'users.delete', kind: 'status', status: 503, count: 1 })
  emulator.seed({ users: [{ identifier: 'jane', userID: 'usr-1' }] })
  t.equal((await call('DELETE', '/v2/users/usr-1')).status, 503)
  t.equal((await call('GET', '/v2/users/usr-1')).status, 200, 'nothing was deleted')
  t.equal((await call('DELETE', '/v2/users/usr-1')).status, 200)
  t.equal(emulator.count({ route: 'users.delete' }), 2)
  t.strictSame(
    emulator.requests({ route: 'users.get' }).map(({ path }) => path),
    ['/v2/users/usr-1'],
  )
  const notAllowed = await call('PUT', '/v2/users/usr-1', {})
  t.match(notAllowed, { status: 405, json: { error: { type: 'method_not_allowed' } } })
  t.equal(notAllowed.headers.get('allow'), 'GET, DELETE')

  const bob = { identifier: 'bob', userID: 'usr-2' }
  emulator.seed({ users: [bob] })
  emulator.seed({ users: [bob] })
  t.throws(() => emulator.seed({ users: [{ identifier: 'eve', userID: 'usr-2' }] }), /users\[0\].userID/)
  t.throws(
    () =>
      emulator.seed({
        users: [
          { identifier: 'eve', userID: 'usr-3' },
          { identifier: 'mallory', userID: 'usr-3' },
        ],
      }),
    /users\[1\].userID/,
  )
})
