import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Emulator, fingerprint, startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { createAuthenticator } from './authenticator.js'
import { type Answer, basic, caller, parse, rawRequest, textOf } from './http.js'

const pageOrigin = 'http://localhost:3000'

let emulator: Emulator
t.before(async () => {
  emulator = await startEmulator({ allowedOrigins: [pageOrigin] })
})
t.after(() => emulator.close())
t.beforeEach(() => emulator.reset())

const backend = (method: string, path: string, body?: unknown): Promise<Answer> => caller(emulator)(method, path, body)

const frontend = (path: string, body: unknown): Promise<Answer> =>
  caller(emulator, { origin: pageOrigin, 'x-corbado-projectid': emulator.projectId })(
    'POST',
    `/v2/connect/${path}`,
    body,
  )

async function append(authenticator: ReturnType<typeof createAuthenticator>): Promise<Answer> {
  const data = { identifier: 'jane', displayName: 'Jane' }
  const { json } = await backend('POST', '/v2/connectTokens', { type: 'passkey-append', data })
  const start = await frontend('append/start', { appendTokenValue: textOf(json, 'secret'), loadedMs: 1 })
  return frontend('append/finish', {
    attestationResponse: authenticator.create(textOf(start.json, 'attestationOptions')),
  })
}

const loginOptions = async (): Promise<string> =>
  textOf(
    (await frontend('login/start', { identifier: 'jane', source: 'text-field', loadedMs: 1 })).json,
    'assertionOptions',
  )

t.test('a foreign origin is refused under every spelling of an address', async (t) => {
  const { host } = new URL(emulator.url)
  for (const target of ['/v2/%63onnect/login/init', `http://${host}/v2/connect/login/init`]) {
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1')
    socket.write(
      `POST ${target} HTTP/1.1\r\nhost: ${host}\r\norigin: http://evil.example\r\nconnection: close\r\n` +
        `x-corbado-projectid: ${emulator.projectId}\r\ncontent-type: application/json\r\ncontent-length: 24\r\n\r\n` +
        '{"clientInformation":{}}',
    )
    t.match(await textFrom(socket), /^HTTP\/1\.1 403 .*"validation_error"/s, target)
  }
})

t.test('secrets in the wrong place stay secret', async (t) => {
  const { json } = await backend('POST', '/v2/connectTokens', { type: 'passkey-list', data: { identifier: 'jane' } })
  const secret = textOf(json, 'secret')
  const token = await emulator.signIn('jane')
  await backend('DELETE', `/v2/connectTokens/${secret}`)
  await backend('GET', `/v2/connectTokens?filter[]=token:eq:${secret}`)
  await backend('POST', '/v2/passkey/verifySignedData', { username: token, signedPasskeyData: [token] })
  await frontend('manage/delete', { connectToken: 'x', credentialID: secret })
  await rawRequest(`${emulator.url}/v2/connectTokens`, 'GET', { authorization: emulator.apiSecret })
  const told = JSON.stringify(emulator.requests())
  for (const value of [secret, token, emulator.apiSecret]) t.notOk(told.includes(value))
  t.equal(emulator.requests({ method: 'DELETE' })[0]?.path, `/v2/connectTokens/${fingerprint(secret)}`)
  t.match(fingerprint('hunter2'), /^h…[0-9a-f]{8}$/, 'a short secret is not told whole')
})

t.test('conditional UI: the user handle says who it is, so it must be there', async (t) => {
  const authenticator = createAuthenticator(pageOrigin)
  await append(authenticator)
  const { json } = await frontend('login/init', { clientInformation: {}, flags: {} })
  const answer = parse(authenticator.get(textOf(json, 'conditionalUIChallenge')))
  const response = { ...Object(answer.response), userHandle: undefined }
  const assertionResponse = JSON.stringify({ ...answer, response })
  t.match(await frontend('login/finish', { assertionResponse, isConditionalUI: true }), {
    status: 400,
    json: { error: { type: 'validation_error' } },
  })
})

t.test('of two answers with one counter, one is a copy: also when they come at once', async (t) => {
  const authenticator = createAuthenticator(pageOrigin)
  await append(authenticator)
  const answers = [await loginOptions(), await loginOptions()].map((options) =>
    authenticator.get(options, { counter: 9 }),
  )
  const finished = await Promise.all(
    answers.map((assertionResponse) => frontend('login/finish', { assertionResponse, isConditionalUI: false })),
  )
  t.same(finished.map(({ status }) => status).sort(), [200, 400])
})

t.test('what began before reset() is not there afterwards', async (t) => {
  for (let turn = 0; turn < 10; turn += 1) {
    const done = append(createAuthenticator(pageOrigin))
    while (emulator.count({ route: 'append.finish' }) === 0) await new Promise(setImmediate)
    for (let later = 0; later < turn; later += 1) await new Promise(setImmediate)
    // It may have been finished in time; then it is forgotten like everything else.
    emulator.reset()
    await done
    t.same(emulator.passkeys(), [], `reset ${turn} turns later`)
    emulator.reset()
  }
})

t.test('a client that goes away while a fault waits leaves nothing running', async (t) => {
  const authorization = basic(emulator.projectId, emulator.apiSecret)
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  for (const action of [
    { kind: 'drip', everyMs: 1 },
    { kind: 'garbage', repeat: { bytes: 'x', everyMs: 1 } },
  ] as const) {
    const before = timers()
    const fault = emulator.fault({ route: 'connectTokens.list', latencyMs: 100, ...action })
    const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1')
    socket.write(`GET /v2/connectTokens HTTP/1.1\r\nhost: localhost\r\nauthorization: ${authorization}\r\n\r\n`)
    while (fault.hits === 0) await new Promise(setImmediate)
    socket.destroy()
    // The fault strikes within this time; what it began would still run after it.
    await new Promise((resolve) => setTimeout(resolve, 300))
    fault.remove()
    t.ok(timers() <= before, action.kind)
  }
})

t.test('a page that does not read its stream costs no memory', async (t) => {
  const message = 'm'.repeat(200_000)
  for (let i = 0; i < 50; i += 1) await frontend('events', { eventType: 'login-error', message })
  const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await once(socket, 'readable')
  // Each message is 10 MB, and more than one of them fits into no buffer of the system.
  for (let i = 0; i < 5; i += 1) {
    await frontend('events', { eventType: 'login-error', message })
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  let received = 0
  let tail = ''
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    tail = (tail + chunk.toString('latin1')).slice(-4)
  })
  const caughtUp = emulator.count({ route: 'events.create' })
  t.equal(caughtUp, 55)
  await new Promise<void>((resolve) => {
    let seen = -1
    const timer = setInterval(() => {
      if (received === seen && tail.includes('\n\n')) {
        clearInterval(timer)
        resolve()
      }
      seen = received
    }, 600)
  })
  t.ok(received > 15_000_000, 'the latest state comes')
  t.ok(received < 35_000_000, `and not all that were in between: ${received} bytes`)
})

async function textFrom(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

// The emulator listens, so the process would not end by itself.
t.end()
