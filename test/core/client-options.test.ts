import { inspect } from 'node:util'
import { CorbadoClient, type CorbadoClientOptions, isCorbadoError } from '@corbado-connect/core'
import t from 'tap'
import { Agent } from 'undici'
import { apiSecret, clientOf, create, listToken, login, projectId, summary, verify } from './corbado-calls.js'
import { answer, type Reply, rawThenReset, silence, startFaultServer, verdict, wellBehaved } from './fault-server.js'

const apiKey = 'corbado_key_canary-key-88f1'
const good = { projectId, apiSecret }
/** What no message may hold: the credentials as given, and as they are sent. */
const secrets = [apiSecret, apiKey, btoa(`${projectId}:${apiSecret}`), login.signedPasskeyData]

/** How a message about an option begins. */
const named = (option: string): RegExp => new RegExp(`^CorbadoClient: \`${option}\` must `)

const holdsNoSecret = (text: string): boolean => !secrets.some((secret) => text.includes(secret))

/** Wrong options on purpose: what a caller without types can do. */
function refusalOf(options: unknown, make = (wrong: unknown): unknown => Reflect.construct(CorbadoClient, [wrong])) {
  try {
    make(options)
    return undefined
  } catch (error) {
    return error instanceof TypeError ? error.message : error
  }
}

t.test('wrong options are refused by name, and no message holds a credential', async (t) => {
  const refused: [expected: RegExp, options: unknown][] = [
    [/options must be an object/, undefined],
    [/options must be an object/, null],
    [/options must be an object/, []],
    [/options must be an object/, apiSecret],
    [/"apisecret"/, { projectId, apisecret: apiSecret }],
    [/"retries"/, { ...good, retries: 3 }],
    [named('projectId'), { apiSecret }],
    [/`apiSecret` or CorbadoClient: `apiKey` must be set, and not both/, { projectId }],
    [/`apiSecret` or CorbadoClient: `apiKey` must be set, and not both/, { ...good, apiKey }],
    ...['', '1234', 'PRO-1', 'pro-', 'corbado1_abc', 'pro:1', 'pro-1\r\nX: y', 'pro-ä', 1, null].map(
      (id): [RegExp, unknown] => [named('projectId'), { ...good, projectId: id }],
    ),
    ...['', ' ', `${apiSecret}\n`, ` ${apiSecret}`, `${apiSecret}é`, 1, null, { apiSecret }].map(
      (value): [RegExp, unknown] => [named('apiSecret'), { projectId, apiSecret: value }],
    ),
    ...['', `${apiKey} `, `${apiKey}\r\n`, null].map((value): [RegExp, unknown] => [
      named('apiKey'),
      { projectId, apiKey: value },
    ]),
    ...[
      '',
      'backendapi.cloud.corbado.io',
      'ftp://a.example',
      'http://a.example',
      'http://10.0.0.1',
      'http://0.0.0.0',
      1,
    ]
      .concat(['http://127.0.0.1.example', 'http://localhost.example', 'https://a.example/v2', 'https://a.example/v2/'])
      .concat([
        'https://a.example?a',
        'https://a.example?',
        'https://a.example/#',
        `https://${projectId}:${apiSecret}@a.b`,
      ])
      .concat([
        'https:\\\\a.example',
        'https://a.example\\',
        'https:a.example',
        'https:/a.example',
        ' https://a.example',
      ])
      .concat(['http://2130706433', 'http://0x7f000001', 'http://127.1', 'http://0177.0.0.1', 'https://a.exam\tple'])
      .map((value): [RegExp, unknown] => [named('backendApi'), { ...good, backendApi: value }]),
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5000', 60_001, null].map((value): [RegExp, unknown] => [
      named('timeoutMs'),
      { ...good, timeoutMs: value },
    ]),
    ...['', 'v2/verify', '/v2/verify?x=1', '/v2//verify', '//a.example/x', '/v2/verify/', '/v2/ä', 1].map(
      (value): [RegExp, unknown] => [named('verifySignedDataPath'), { ...good, verifySignedDataPath: value }],
    ),
    ...[
      ...[null, true, 2000, [], { max: 10 }, { windowMs: 1000 }, { max: 0, windowMs: 1000 }, { max: 10, windowMs: 1 }],
      ...[
        { max: '1', windowMs: 1000 },
        { max: 1.5, windowMs: 1000 },
        { max: 10, windowMs: Number.POSITIVE_INFINITY },
      ],
      { max: 10, windowMs: 1000, perIp: true },
    ].map((value): [RegExp, unknown] => [/^CorbadoClient: `upstreamLimit`/, { ...good, upstreamLimit: value }]),
    ...[null, {}, 'agent', () => {}].map((value): [RegExp, unknown] => [
      named('dispatcher'),
      { ...good, dispatcher: value },
    ]),
  ]
  for (const [expected, options] of refused) {
    const message = refusalOf(options)
    t.type(message, 'string', inspect(options))
    t.match(message, expected, inspect(options))
    t.ok(holdsNoSecret(String(message)), String(message))
  }
  t.match(refusalOf({ ...good, backendApi: 'https://a.example/api' }), /"\/api"/, 'a path is refused by name')
  t.match(refusalOf({ ...good, backendApi: 'localhost:4400' }), /must start with https:\/\/ \(or with http:\/\//)
  t.match(refusalOf({ ...good, backendApi: 'http://2130706433' }), /must be written as http:\/\/127\.0\.0\.1\. /)
  t.match(refusalOf({ apiSecret, projectId: 'corbado1_abc' }), /looks like an API secret/)
})

t.test('right options', async (t) => {
  for (const backendApi of [
    'https://a.example',
    'https://a.example/',
    'https://a.example:8443',
    'https://a.example:443',
    'https://BackendAPI.Cloud.Corbado.io',
    'https://xn--4ca.example',
    'https://[2001:db8::1]',
    'http://localhost:1',
  ]) {
    t.equal(refusalOf({ ...good, backendApi }), undefined, backendApi)
  }
  for (const backendApi of ['http://127.0.0.1', 'http://127.1.2.3:80', 'http://[::1]:8080']) {
    t.equal(refusalOf({ ...good, backendApi }), undefined, backendApi)
  }
  const options = Object.freeze({ ...good, timeoutMs: 1, dispatcher: new Agent() })
  t.equal(new CorbadoClient(options).projectId, projectId)
})

t.test('options that are undefined count as not given', async (t) => {
  const unset = { apiKey: undefined, backendApi: undefined, timeoutMs: undefined, verifySignedDataPath: undefined }
  const options: CorbadoClientOptions = { ...good, ...unset, dispatcher: undefined, upstreamLimit: undefined }
  t.equal(new CorbadoClient(options).projectId, projectId)
})

t.test('NODE_TLS_REJECT_UNAUTHORIZED=0 is refused unless NODE_ENV is development or test', async (t) => {
  for (const [environment, refused] of [
    [undefined, true],
    ['production', true],
    ['staging', true],
    ['development', false],
    ['test', false],
  ] as const) {
    const { NODE_ENV: _, ...others } = process.env
    const env = environment === undefined ? others : { ...others, NODE_ENV: environment }
    const { restore } = t.intercept(process, 'env', { value: { ...env, NODE_TLS_REJECT_UNAUTHORIZED: '0' } })
    const message = refusalOf(good)
    if (refused) t.match(message, /^NODE_TLS_REJECT_UNAUTHORIZED must not be 0/, String(environment))
    else t.equal(message, undefined, String(environment))
    t.equal(refusalOf({ ...good, backendApi: 'http://127.0.0.1:1' }), undefined)
    restore()
  }
})

t.test('from the environment', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const env = { CORBADO_PROJECT_ID: projectId, CORBADO_API_SECRET: apiSecret, CORBADO_BACKEND_API: server.origin }
  t.equal(summary(await create(CorbadoClient.fromEnv(env))), 'ok')
  t.equal(server.requests[0]?.headers.authorization, `Basic ${btoa(`${projectId}:${apiSecret}`)}`)
  const withKey = { CORBADO_PROJECT_ID: projectId, CORBADO_API_KEY: apiKey, CORBADO_BACKEND_API: server.origin }
  t.equal(summary(await create(CorbadoClient.fromEnv(withKey))), 'ok')
  t.equal(server.requests[1]?.headers.authorization, `Bearer ${apiKey}`)
  t.intercept(process, 'env', { value: env })
  t.equal(CorbadoClient.fromEnv().projectId, projectId)

  const refused: [RegExp, NodeJS.ProcessEnv][] = [
    [/^CORBADO_PROJECT_ID is not set/, {}],
    [/^CORBADO_PROJECT_ID is not set/, { ...env, CORBADO_PROJECT_ID: '' }],
    [/^CORBADO_PROJECT_ID must be a project ID \(pro-…\)\. See /, { ...env, CORBADO_PROJECT_ID: '1234' }],
    [/^CORBADO_API_SECRET or CORBADO_API_KEY must be set\. See /, { CORBADO_PROJECT_ID: projectId }],
    [/^CORBADO_API_SECRET or CORBADO_API_KEY must be set\. See /, { ...env, CORBADO_API_SECRET: '' }],
    [/^CORBADO_API_SECRET or CORBADO_API_KEY must be set, and not both\. See /, { ...env, CORBADO_API_KEY: apiKey }],
    [/^CORBADO_API_SECRET must /, { ...env, CORBADO_API_SECRET: `${apiSecret}\n` }],
    [/^CORBADO_BACKEND_API must be an origin/, { ...env, CORBADO_BACKEND_API: 'https://a.example/v2' }],
    [/^CORBADO_BACKEND_API must start with https:/, { ...env, CORBADO_BACKEND_API: 'localhost:4400' }],
  ]
  for (const [expected, variables] of refused) {
    const message = refusalOf(undefined, () => CorbadoClient.fromEnv(variables))
    t.match(message, expected)
    t.ok(holdsNoSecret(String(message)))
  }
})

t.test('what goes over the wire: both calls', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const client = clientOf(server)
  await client.connectTokens.create({
    type: 'passkey-append',
    data: { identifier: 'jane', displayName: 'Jane Doe 用户' },
    maxLifetimeInSeconds: 300,
  })
  await client.passkeys.verifySignedData(login)
  const [token, verification] = server.requests
  t.match(token, { method: 'POST', path: '/v2/connectTokens' })
  t.same(JSON.parse(token?.body ?? ''), {
    type: 'passkey-append',
    data: { identifier: 'jane', displayName: 'Jane Doe 用户' },
    maxLifetimeInSeconds: 300,
  })
  t.match(verification, { method: 'POST', path: '/v2/passkey/verifySignedData' })
  t.same(JSON.parse(verification?.body ?? ''), login)
  for (const request of server.requests) {
    t.match(request.headers, {
      host: `127.0.0.1:${server.port}`,
      authorization: `Basic ${btoa(`${projectId}:${apiSecret}`)}`,
      'x-corbado-projectid': projectId,
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
    })
  }
  const respelled = clientOf(server, { verifySignedDataPath: '/v2/passkeys/verifySignedData' })
  await verify(respelled)
  t.equal(server.requests[2]?.path, '/v2/passkeys/verifySignedData')
  const surplus = { ...login, password: 'canary' }
  await clientOf(server).passkeys.verifySignedData(surplus)
  t.same(JSON.parse(server.requests[3]?.body ?? ''), login, 'nothing else goes out')
})

t.test('list, update, delete', async (t) => {
  const page = { connectTokens: [], paging: { page: 1, totalPages: 1, totalItems: 0 } }
  let status = 200
  const server = await startFaultServer((socket, request) => answer(status, page)(socket, request))
  t.teardown(() => server.close())
  const { connectTokens } = clientOf(server)
  t.same(await connectTokens.list(), page)
  t.same(
    await connectTokens.list({
      sort: 'created:desc',
      filter: ['status:eq:initial', 'a:gt:&b='],
      page: 2,
      pageSize: 10,
    }),
    page,
  )
  t.equal(await connectTokens.update('ctk-1', { status: 'consumed' }), undefined)
  t.equal(await connectTokens.delete('ctk-1'), undefined)
  t.same(
    server.requests.map(({ method, path, body }) => [method, path, body]),
    [
      ['GET', '/v2/connectTokens', ''],
      [
        'GET',
        '/v2/connectTokens?sort=created%3Adesc&filter%5B%5D=status%3Aeq%3Ainitial&filter%5B%5D=a%3Agt%3A%26b%3D&page=2&pageSize=10',
        '',
      ],
      ['PATCH', '/v2/connectTokens/ctk-1', '{"status":"consumed"}'],
      ['DELETE', '/v2/connectTokens/ctk-1', ''],
    ],
  )
  for (const id of ['', '../passkeys', 'a/b', 'a?b', 'a%2fb', 'ä']) await t.rejects(connectTokens.delete(id), TypeError)
  t.equal(server.requests.length, 4)
  status = 404
  await t.rejects(connectTokens.delete('ctk-2'), { code: 'CORBADO_UPSTREAM_REJECTED', retryable: false })
  await t.rejects(connectTokens.list(), { code: 'CORBADO_UPSTREAM_UNAVAILABLE', retryable: false })
})

t.test('no secret in what can be printed, serialised or cloned of a client', async (t) => {
  const options: CorbadoClientOptions[] = [good, { projectId, apiKey }]
  for (const client of options.map((option) => new CorbadoClient(option))) {
    for (const value of [client, client.connectTokens, client.passkeys]) {
      t.ok(holdsNoSecret(inspect(value, { depth: 20, showHidden: true })))
      t.ok(holdsNoSecret(JSON.stringify(value)))
      t.ok(holdsNoSecret(inspect(structuredClone(value), { depth: 20, showHidden: true })))
    }
  }
})

t.test('no secret in an error of any kind, nor text of upstream in its message', async (t) => {
  const canary = 'canary text of upstream'
  const echo = answer(500, `${canary} ${apiSecret} ${login.signedPasskeyData}`)
  const refusing = answer(400, { requestData: { requestID: 'req-1' }, error: { type: 'x', details: canary } })
  const echoOfBytes: Reply = (socket, { headers, body }) => socket.end(`${headers.authorization} ${body} ${canary}`)
  const replies = [
    echoOfBytes,
    echo,
    refusing,
    answer(401),
    answer(429),
    answer(200, canary),
    rawThenReset(''),
    silence,
  ]
  for (const reply of [...replies, verdict(canary)]) {
    const server = await startFaultServer(reply)
    const client = clientOf(server, { timeoutMs: 150 })
    const calls = [client.passkeys.verifySignedData(login), client.connectTokens.create(listToken)]
    for (const call of calls) {
      const error = await call.then(
        () => undefined,
        (reason: unknown) => reason,
      )
      if (!isCorbadoError(error)) throw error
      const printed = [inspect(error, { depth: 20, showHidden: true }), JSON.stringify(error), String(error.stack)]
      printed.push(inspect(structuredClone(error), { depth: 20, showHidden: true }), JSON.stringify(error.cause) ?? '')
      for (const text of printed) t.ok(holdsNoSecret(text) && !text.includes(canary), error.code)
    }
    await server.close()
  }
})
