import { Agent } from 'node:http'
import { connect } from 'node:net'
import { fingerprint, startEmulator } from '@corbado-connect/emulator'
import t, { type Test } from 'tap'
import { basic, caller, decode, objectOf, parse, rawRequest, textOf } from './http.js'

const appendBody = { type: 'passkey-append', data: { displayName: 'Jane Doe', identifier: 'jane@doe.com' } }
const listBody = { type: 'passkey-list', data: { identifier: 'jane@doe.com' } }
const verifyPath = '/v2/passkey/verifySignedData'

async function started(t: Test, options: Parameters<typeof startEmulator>[0] = {}) {
  const emulator = await startEmulator(options)
  t.teardown(() => emulator.close())
  return { emulator, call: caller(emulator) }
}

t.test('connect tokens', async (t) => {
  const { emulator, call } = await started(t)
  t.beforeEach(() => emulator.reset())

  t.test('creation answers a bare object with the secret', async (t) => {
    emulator.clock.set(new Date('2026-07-17T12:00:00.900Z'))
    const { status, json } = await call('POST', '/v2/connectTokens', { ...appendBody, maxLifetimeInSeconds: 3600 })
    t.equal(status, 200)
    t.strictSame(Object.keys(json).sort(), ['connectTokenStatus', 'data', 'expires', 'id', 'secret', 'tokenType'])
    t.match(json, {
      id: /^ctk-[1-9][0-9]{17}$/,
      tokenType: 'passkey-append',
      data: appendBody.data,
      connectTokenStatus: 'initial',
      secret: /^ctk1_[A-Za-z0-9]{30}$/,
      expires: Date.parse('2026-07-17T13:00:00Z') / 1000,
    })
  })

  t.test('each type takes its own data, and a lifetime that is a positive integer', async (t) => {
    for (const type of ['passkey-list', 'passkey-delete', 'passkey-login']) {
      t.equal((await call('POST', '/v2/connectTokens', { ...listBody, type })).status, 200, type)
      const named = await call('POST', '/v2/connectTokens', { type, data: appendBody.data })
      t.match(named, { status: 200, json: { data: appendBody.data } }, `${type} with a name`)
    }
    emulator.clock.set(0)
    t.match((await call('POST', '/v2/connectTokens', listBody)).json, { expires: 300 }, 'five minutes by default')

    const refused: [string, unknown, string[]][] = [
      ['nothing', {}, ['type', 'data', 'data.identifier', 'data.displayName']],
      ['an array', [], ['body', 'type', 'data', 'data.identifier', 'data.displayName']],
      ['an unknown type', { ...listBody, type: 'passkey-steal' }, ['type', 'data.displayName']],
      ['append without a name', { ...appendBody, data: listBody.data }, ['data.displayName']],
      ['a number as name', { ...listBody, data: { ...listBody.data, displayName: 1 } }, ['data.displayName']],
      ['an unknown field of data', { ...listBody, data: { ...listBody.data, name: 'Jane' } }, ['data.name']],
      ['an empty identifier', { ...listBody, data: { identifier: '' } }, ['data.identifier']],
      ['a number as identifier', { ...listBody, data: { identifier: 1 } }, ['data.identifier']],
      ['an unknown field', { ...listBody, lifetime: 5 }, ['lifetime']],
      ['lifetime 0', { ...listBody, maxLifetimeInSeconds: 0 }, ['maxLifetimeInSeconds']],
      ['lifetime 1.5', { ...listBody, maxLifetimeInSeconds: 1.5 }, ['maxLifetimeInSeconds']],
      ['lifetime as text', { ...listBody, maxLifetimeInSeconds: '60' }, ['maxLifetimeInSeconds']],
    ]
    for (const [what, body, fields] of refused) {
      const { status, json } = await call('POST', '/v2/connectTokens', body)
      t.equal(status, 400, what)
      t.match(json, { httpStatusCode: 400, error: { type: 'validation_error' } }, what)
      const { validation } = objectOf(json, 'error')
      t.strictSame(Array.isArray(validation) ? validation.map(({ field }) => field) : validation, fields, what)
    }
  })

  t.test('list: never a secret; sort, filter and pages', async (t) => {
    emulator.clock.set(0)
    for (const seconds of [30, 10, 20]) {
      await call('POST', '/v2/connectTokens', { ...listBody, maxLifetimeInSeconds: seconds })
    }
    await call('POST', '/v2/connectTokens', { ...appendBody, maxLifetimeInSeconds: 40 })
    const list = async (query: string): Promise<unknown> => {
      const { json } = await call('GET', `/v2/connectTokens?${query}`)
      return Array.isArray(json.connectTokens) ? json.connectTokens.map(({ expires }) => expires) : json
    }
    const all = await call('GET', '/v2/connectTokens')
    t.notMatch(all.text, 'ctk1_')
    t.match(all.json, { paging: { page: 1, totalPages: 1, totalItems: 4 } })
    t.strictSame(await list(''), [30, 10, 20, 40])
    t.strictSame(await list('sort=expires:desc'), [40, 30, 20, 10])
    t.strictSame(await list('sort=tokenType'), [40, 30, 10, 20])
    t.strictSame(await list('filter[]=tokenType:eq:passkey-append'), [40])
    t.strictSame(await list('filter%5B%5D=expires:gt:10&filter%5B%5D=expires:lt:40'), [30, 20])
    t.strictSame(await list('sort=expires:asc&page=2&pageSize=3'), [40])
    t.match(await call('GET', '/v2/connectTokens?pageSize=3'), { json: { paging: { totalPages: 2 } } })
    for (const wrong of [
      'sort=secret',
      'sort=expires:up',
      'filter[]=expires',
      'filter[]=expires:ne:1',
      'page=0',
      'x=1',
    ]) {
      t.match(
        await call('GET', `/v2/connectTokens?${wrong}`),
        { status: 400, json: { error: { type: 'validation_error' } } },
        wrong,
      )
    }
  })

  t.test('update and delete answer the generic envelope', async (t) => {
    const id = textOf((await call('POST', '/v2/connectTokens', listBody)).json, 'id')
    const envelope = {
      httpStatusCode: 200,
      message: 'OK',
      requestData: { requestID: /^req-[0-9]+$/, link: /^http/ },
      runtime: Number,
    }
    t.match(await call('PATCH', `/v2/connectTokens/${id}`, { status: 'consumed' }), { status: 200, json: envelope })
    t.match((await call('GET', '/v2/connectTokens')).json, { connectTokens: [{ id, connectTokenStatus: 'consumed' }] })
    t.equal((await call('PATCH', `/v2/connectTokens/${id}`, { status: 'spent' })).status, 400)
    const deleted = await call('DELETE', `/v2/connectTokens/${id}`, '', { 'content-type': 'application/json' })
    t.match(deleted, { status: 200, json: envelope }, 'also with a content type and no body, as the PHP SDK sends it')
    const gone = { status: 404, json: { error: { type: 'not_found' } } }
    t.match(await call('DELETE', `/v2/connectTokens/${id}`), gone)
    t.match(await call('PATCH', `/v2/connectTokens/${id}`, { status: 'initial' }), gone)
  })
})

t.test('verifySignedData', async (t) => {
  const { emulator, call } = await started(t)
  t.beforeEach(() => emulator.reset())
  const verify = async (signedPasskeyData: string, username = 'jane', path = verifyPath): Promise<unknown> => {
    const { status, json } = await call('POST', path, { signedPasskeyData, username })
    t.equal(status, 200, 'a verdict is always HTTP 200')
    return json.verificationResult
  }

  t.test('a minted token looks like one of Corbado’s', async (t) => {
    emulator.clock.set(1_753_208_773_000)
    const { header, claims } = decode(await emulator.signIn('jane'))
    t.match(header, { alg: 'RS256', kid: /^pki-[0-9]+$/, typ: 'JWT' })
    t.strictSame(Object.keys(claims), [
      ...['iss', 'sub', 'exp', 'nbf', 'iat', 'jti', 'processId', 'username'],
      ...['credential', 'challengeId', 'webauthnId', 'isCUI'],
    ])
    t.match(claims, {
      iss: emulator.projectId,
      sub: /^usr-[0-9]+$/,
      exp: 1753209073,
      nbf: 1753208763,
      iat: 1753208773,
      jti: /^[A-Za-z0-9]{30}$/,
      processId: /^[A-Za-z0-9]{20}$/,
      username: '',
      credential: /^cre-[0-9]+$/,
      challengeId: /^was-[0-9]+$/,
      webauthnId: 'jane',
      isCUI: false,
    })
    const again = decode(await emulator.signIn('jane')).claims
    t.equal(again.sub, claims.sub, 'one user, one ID')
    t.not(again.jti, claims.jti)
  })

  t.test('success once, under both spellings of the path', async (t) => {
    for (const path of [verifyPath, '/v2/passkeys/verifySignedData']) {
      const token = await emulator.signIn('jane')
      t.equal(await verify(token, 'jane', path), 'success')
      t.equal(await verify(token, 'jane', path), 'invalid_challenge', 'used up')
    }
  })

  t.test('of fifty at once one succeeds', async (t) => {
    const token = await emulator.signIn('jane')
    const results = await Promise.all(Array.from({ length: 50 }, () => verify(token)))
    t.equal(results.filter((result) => result === 'success').length, 1)
    t.equal(results.filter((result) => result === 'invalid_challenge').length, 49)
  })

  t.test('another user: user_mismatch, and the token stays good', async (t) => {
    const token = await emulator.signIn('jane')
    for (const username of ['john', 'Jane', 'jane ', 'ｊane'])
      t.equal(await verify(token, username), 'user_mismatch', username)
    t.equal(await verify(token, 'jane'), 'success')
    t.equal(await verify(await emulator.signIn('jane', { claims: { webauthnId: undefined } })), 'user_mismatch')
  })

  t.test('the signature must be the emulator’s, by RS256', async (t) => {
    const good = await emulator.signIn('jane')
    const [header, , signature] = good.split('.')
    const [, otherClaims] = (await emulator.signIn('john')).split('.')
    const bad: [string, string][] = [
      ['a stranger’s key', await emulator.signIn('jane', { signedBy: 'stranger' })],
      ['no signature', await emulator.signIn('jane', { signedBy: 'nobody', header: { alg: 'none' } })],
      ['none with a signature', await emulator.signIn('jane', { header: { alg: 'none' } })],
      ['HS256 in the header', await emulator.signIn('jane', { header: { alg: 'HS256' } })],
      ['RS384 in the header', await emulator.signIn('jane', { header: { alg: 'RS384' } })],
      ['crit', await emulator.signIn('jane', { header: { crit: ['x'], x: 1 } })],
      ['exchanged claims', `${header}.${otherClaims}.${signature}`],
      ['no JWT', 'hello'],
      ['another project', await emulator.signIn('jane', { claims: { iss: 'pro-2' } })],
      ['no issuer', await emulator.signIn('jane', { claims: { iss: undefined } })],
    ]
    for (const [what, token] of bad) t.equal(await verify(token), 'invalid_signature', what)
    t.equal(await verify(good), 'success', 'none of them has spent the good one')
  })

  t.test('the challenge must be known and in time', async (t) => {
    t.equal(await verify(await emulator.signIn('jane', { claims: { challengeId: 'was-1' } })), 'invalid_challenge')
    t.equal(await verify(await emulator.signIn('jane', { claims: { challengeId: undefined } })), 'invalid_challenge')
    emulator.clock.set(1_800_000_000_000)
    const token = await emulator.signIn('jane')
    emulator.clock.advance(-11_000)
    t.equal(await verify(token), 'invalid_challenge', 'before nbf')
    emulator.clock.advance(11_000 + 300_000)
    t.equal(await verify(token), 'invalid_challenge', 'expired')
    emulator.clock.advance(-1)
    t.equal(await verify(token), 'success', 'one millisecond earlier')
    const forgotten = await emulator.signIn('jane')
    emulator.reset()
    t.equal(await verify(forgotten), 'invalid_challenge', 'reset() forgets challenges and keeps the key')
  })

  t.test('both fields are needed, and no other', async (t) => {
    for (const body of [
      {},
      { username: 'jane' },
      { signedPasskeyData: 'x' },
      { signedPasskeyData: 'x', username: '' },
      { signedPasskeyData: 'x', username: 'jane', y: 1 },
    ]) {
      t.match(await call('POST', verifyPath, body), { status: 400, json: { error: { type: 'validation_error' } } })
    }
  })
})

t.test('credentials', async (t) => {
  const { emulator, call } = await started(t, { projectId: 'pro-42', apiSecret: 'corbado1_mine', apiKey: 'key_mine' })
  const send = (authorization: string, more: Record<string, string> = {}) =>
    call('POST', '/v2/connectTokens', listBody, { authorization, ...more })

  t.equal((await send(basic('pro-42', 'corbado1_mine'))).status, 200)
  t.equal((await send('Bearer key_mine')).status, 200)
  t.equal((await send(basic('pro-42', 'corbado1_mine'), { 'x-corbado-projectid': 'pro-42' })).status, 200)
  for (const [what, authorization] of [
    ['nothing', ''],
    ['the secret alone', basic('corbado1_mine')],
    ['the secret alone, not encoded', 'Basic corbado1_mine'],
    ['another project', basic('pro-43', 'corbado1_mine')],
    ['another secret', basic('pro-42', 'corbado1_other')],
    ['the secret as Bearer', 'Bearer corbado1_mine'],
    ['the API key as Basic', basic('pro-42', 'key_mine')],
    ['two credentials', 'Bearer key_mine key_mine'],
    ['Digest', 'Digest key_mine'],
  ] as const) {
    t.match(
      await send(authorization),
      { status: 401, json: { httpStatusCode: 401, error: { type: 'login_error', links: [] } } },
      what,
    )
  }
  t.match(await send('Bearer key_mine', { 'x-corbado-projectid': 'pro-43' }), {
    status: 401,
    json: { error: { type: 'login_error' } },
  })
  t.match(
    await call('POST', '/v2/connectTokens', { wrong: true }, { authorization: '' }),
    { status: 401 },
    'before the body is judged',
  )
  t.equal(emulator.count({ route: 'connectTokens.create' }), 14)
})

t.test('requests that are not part of Corbado’s API', async (t) => {
  const { emulator, call } = await started(t)
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  t.teardown(() => process.off('warning', onWarning))

  t.match(await call('POST', '/v2/connectTokens', '{"type":'), {
    status: 400,
    json: { error: { type: 'invalid_json' } },
  })
  t.match(await call('POST', '/v2/connectTokens', '{"__proto__":{}}'), {
    status: 400,
    json: { error: { type: 'invalid_json' } },
  })
  t.match(await call('POST', '/v2/connectTokens', 'x', { 'content-type': 'text/plain' }), {
    status: 415,
    json: { error: { type: 'invalid_json' } },
  })
  t.match(await call('POST', '/v2/connectTokens', { x: 'x'.repeat(300_000) }), {
    status: 413,
    json: { error: { type: 'validation_error' } },
  })

  const notAllowed = await call('PUT', '/v2/connectTokens', {})
  t.match(notAllowed, { status: 405, json: { error: { type: 'method_not_allowed' } } })
  t.equal(notAllowed.headers.get('allow'), 'POST, GET')
  t.match(await call('GET', '/v2/connectTokens/ctk-1'), { status: 405 })
  t.match(await call('POST', '/v2/connectTokens', '', { 'content-type': 'application/json' }), { status: 400 })

  for (const [method, path] of [
    ['POST', '/v2/socialAccounts'],
    ['PUT', '/v2/connectTokens'],
  ] as const) {
    t.match(
      await call(method, path, {}, { authorization: 'Bearer wrong' }),
      { status: 401, json: { error: { type: 'login_error' } } },
      `${method} ${path}: first who calls, then what for`,
    )
  }

  for (const path of ['/v2/socialAccounts', '/connectTokens', '/v2/connecttokens', '/v2/passkey/verifySignedData/']) {
    const { status, json } = await call(path === '/v2/socialAccounts' ? 'GET' : 'POST', path)
    t.equal(status, 501, path)
    t.match(json, { error: { type: 'emulator_not_implemented', details: path } })
    const { details } = objectOf(json, 'error')
    t.equal(/documents do not name/.test(String(details)), path !== '/v2/socialAccounts', path)
  }
  t.match(warnings[0], { name: 'CorbadoEmulatorWarning', message: 'not implemented: GET /v2/socialAccounts' })

  const headers = { authorization: basic(emulator.projectId, emulator.apiSecret) }
  for (const host of ['rebound.example:4400', 'localhost.example', '127.0.0.2']) {
    t.match(
      await rawRequest(`${emulator.url}/v2/connectTokens`, 'GET', { ...headers, host }),
      { status: 421, json: { error: { type: 'validation_error' } } },
      host,
    )
  }
  t.equal((await rawRequest(`${emulator.url}/v2/connectTokens`, 'GET', { ...headers, host: '[::1]:80' })).status, 200)
})

t.test('the record of requests', async (t) => {
  const { emulator, call } = await started(t)
  const token = await emulator.signIn('jane')
  emulator.clock.set(5000)
  await call(
    'POST',
    `${verifyPath}?x=1`,
    { signedPasskeyData: token, username: 'jane' },
    { cookie: 'session=secret', 'x-corbado-sdk': '{"name":"x"}' },
  )
  await call('POST', '/v2/connectTokens', listBody, { authorization: 'Bearer wrong-key' })
  await call('GET', '/v2/connectTokens')

  const [verify, refused, list, ...others] = emulator.requests()
  t.match(verify, {
    requestID: /^req-/,
    method: 'POST',
    path: verifyPath,
    query: 'x=1',
    route: 'passkeys.verifySignedData',
    status: 200,
    time: 5000,
    headers: { authorization: 'Basic …', cookie: '…', 'x-corbado-sdk': '{"name":"x"}' },
    body: { signedPasskeyData: fingerprint(token), username: 'jane' },
    fault: null,
  })
  t.match(fingerprint(token), /^eyJhbGci…[0-9a-f]{8}$/)
  t.match(refused, { status: 401, headers: { authorization: 'Bearer …' }, body: listBody })
  t.match(list, { method: 'GET', route: 'connectTokens.list', body: undefined })
  t.same(others, [])
  const everything = JSON.stringify(emulator.requests())
  for (const secret of [token, emulator.apiSecret, 'wrong-key', 'session=secret']) t.notOk(everything.includes(secret))

  t.equal(emulator.count(), 3)
  t.equal(emulator.count({ path: '/v2/connectTokens' }), 2)
  t.equal(emulator.count({ method: 'GET', path: '/v2/connectTokens' }), 1)
  t.equal(emulator.requests({ route: 'connectTokens.create' }).length, 1)

  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  for (const own of [agent, agent, false] as const) {
    await rawRequest(`${emulator.url}/v2/connectTokens`, 'GET', {}, '', own)
  }
  const [first, second, third] = emulator.requests().slice(-3)
  t.equal(first?.connection, second?.connection, 'over one connection')
  t.equal(first?.remotePort, second?.remotePort)
  t.not(third?.connection, first?.connection, 'over another one')

  emulator.reset()
  t.same(emulator.requests(), [])
  t.equal(emulator.count(), 0)
  t.ok(Math.abs(emulator.clock.now() - Date.now()) < 1000, 'the clock is right again')
})

t.test('a malformed URL or request is answered in Corbado’s envelope', async (t) => {
  const { emulator, call } = await started(t)
  t.match(await call('GET', '/v2/connectTokens/%zz'), {
    status: 400,
    json: { httpStatusCode: 400, requestData: { requestID: /^req-/ }, error: { type: 'validation_error' } },
  })
  const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1')
  socket.write('hello\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += chunk
  t.match(text, /^HTTP\/1.1 400 Bad Request\r\n/)
  t.match(parse(text.split('\r\n\r\n')[1] ?? ''), { httpStatusCode: 400, error: { type: 'validation_error' } })
})

t.test('requests to ever new paths are counted in bounded memory', async (t) => {
  const { emulator, call } = await started(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  t.teardown(() => agent.destroy())
  await call('GET', '/v2/connectTokens')
  const headers = { authorization: basic(emulator.projectId, emulator.apiSecret) }
  const send = (path: string) => rawRequest(emulator.url + path, 'DELETE', headers, '', agent)
  const total = 2500
  for (let sent = 0; sent < total; sent += 50) {
    await Promise.all(Array.from({ length: 50 }, (_, index) => send(`/v2/connectTokens/ctk-${sent + index}`)))
  }
  t.equal(emulator.count(), total + 1)
  t.equal(emulator.count({ route: 'connectTokens.delete' }), total)
  t.equal(emulator.count({ method: 'DELETE' }), total)
  t.equal(emulator.count({ path: `/v2/connectTokens/ctk-${total - 1}` }), 1, 'the latest paths are counted apart')
  t.equal(emulator.count({ path: '/v2/connectTokens/ctk-0' }), 0, 'the oldest only in total')
})

t.test('the clock', async (t) => {
  const { emulator } = await started(t)
  const { clock } = emulator
  clock.advance(60_000)
  t.ok(Math.abs(clock.now() - Date.now() - 60_000) < 1000, 'runs on after advance()')
  clock.set(1000)
  clock.advance(500)
  t.equal(clock.now(), 1500)
  t.throws(() => clock.set(Number.NaN), { name: 'TypeError', message: /clock.set/ })
  t.throws(() => clock.advance(Number.POSITIVE_INFINITY), { name: 'TypeError' })
})

t.test('options are refused by name, and never repeated in the message', async (t) => {
  await t.rejects(startEmulator({ port: 0, ...{ prot: 1 } }), {
    name: 'TypeError',
    message: 'startEmulator: unknown option prot',
  })
  await t.rejects(startEmulator({ port: -1 }), { message: /port must be an integer/ })
  await t.rejects(startEmulator({ projectId: '42' }), { message: /projectId/ })
  await t.rejects(startEmulator({ apiSecret: 'with space' }), {
    message: 'startEmulator: apiSecret must be printable ASCII without spaces',
  })
  await t.rejects(startEmulator({ connectTokenLifetimeSeconds: 0 }), { message: /connectTokenLifetimeSeconds/ })
})

t.test('two emulators are two Corbados', async (t) => {
  const one = await started(t)
  const two = await started(t)
  const token = await one.emulator.signIn('jane')
  t.match(await two.call('POST', verifyPath, { signedPasskeyData: token, username: 'jane' }), {
    json: { verificationResult: 'invalid_signature' },
  })
  t.match(one.emulator.url, /^http:\/\/127\.0\.0\.1:[0-9]+$/)
  t.equal(one.emulator.browserUrl, one.emulator.url.replace('127.0.0.1', 'localhost'))
  await t.rejects(startEmulator({ port: Number(new URL(one.emulator.url).port) }), { code: 'EADDRINUSE' })
})
