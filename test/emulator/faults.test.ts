import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Emulator, type Fault, startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { basic, caller } from './http.js'

const listBody = { type: 'passkey-list', data: { identifier: 'jane' } }
const tokensPath = '/v2/connectTokens'
const verifyPath = '/v2/passkey/verifySignedData'

let emulator: Emulator
t.before(async () => {
  emulator = await startEmulator()
})
t.after(() => emulator.close())
t.beforeEach(() => emulator.reset())

const create = () => caller(emulator, {}, 2000)('POST', tokensPath, listBody)
const verify = (signedPasskeyData: string) =>
  caller(emulator)('POST', verifyPath, { signedPasskeyData, username: 'jane' })

/** A connection of our own, to see the very bytes and how it ends. */
async function overSocket(): Promise<{ socket: Socket; received: () => string; ended: Promise<'FIN' | 'RST'> }> {
  const socket = connect(Number(new URL(emulator.url).port), '127.0.0.1')
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  const ended = new Promise<'FIN' | 'RST'>((resolve) => {
    socket.once('end', () => resolve('FIN')).once('error', () => resolve('RST'))
  })
  await once(socket, 'connect')
  const body = JSON.stringify(listBody)
  socket.write(
    `POST ${tokensPath} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${basic(emulator.projectId, emulator.apiSecret)}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  return { socket, received: () => text, ended }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

t.test('status: Corbado’s envelope, or anything else', async (t) => {
  for (const [status, type] of [
    [429, 'rate_limited'],
    [500, 'internal_error'],
    [401, 'login_error'],
    [404, 'not_found'],
  ] as const) {
    emulator.fault({ route: 'connectTokens.create', kind: 'status', status, count: 1 })
    t.match(await create(), { status, json: { httpStatusCode: status, error: { type } } })
  }
  emulator.fault({
    route: '*',
    kind: 'status',
    status: 400,
    errorType: 'rate_limited',
    headers: { 'Retry-After': '7' },
    count: 1,
  })
  const limited = await create()
  t.match(limited, { status: 400, json: { error: { type: 'rate_limited' } } })
  t.equal(limited.headers.get('retry-after'), '7')

  emulator.fault({ route: '*', kind: 'status', status: 200, body: { verificationResult: 'SUCCESS' }, count: 1 })
  const headers = { 'Content-Type': 'text/html', 'Set-Cookie': ['a=1', 'b=2'] }
  emulator.fault({ route: '*', kind: 'status', status: 503, body: '<p>', headers, count: 1 })
  t.match(await create(), { status: 200, json: { verificationResult: 'SUCCESS' } })
  const page = await create()
  t.match(page, { status: 503, text: '<p>' })
  t.strictSame([page.headers.get('content-type'), page.headers.getSetCookie()], ['text/html', ['a=1', 'b=2']])
  t.equal((await create()).status, 200, 'then all is well')
  t.equal(emulator.requests().filter(({ fault }) => fault === 'status').length, 7)
})

t.test('before: nothing is done; after: it is done and nobody hears of it', async (t) => {
  const disturbances = (when: 'before' | 'after'): Fault[] => [
    { route: '*', kind: 'status', status: 502, when, count: 1 },
    { route: '*', kind: 'reset', when, count: 1 },
    { route: '*', kind: 'close', when, count: 1 },
    { route: '*', kind: 'garbage', when, count: 1 },
  ]
  for (const [when, next] of [
    ['before', 'success'],
    ['after', 'invalid_challenge'],
  ] as const) {
    for (const fault of disturbances(when)) {
      const token = await emulator.signIn('jane')
      emulator.fault(fault)
      t.notMatch(await verify(token), { status: 200 }, `${fault.kind}, ${when}`)
      t.match(await verify(token), { json: { verificationResult: next } }, `${fault.kind}, ${when}: then ${next}`)
    }
  }
  const token = await emulator.signIn('jane')
  emulator.fault({ route: 'passkeys.verifySignedData', kind: 'reset', count: 1 })
  t.equal((await verify(token)).error, 'ECONNRESET', 'without `when` it strikes before')
  t.match(await verify(token), { json: { verificationResult: 'success' } })
})

t.test('what happens on the wire', async (t) => {
  const disturbed = async (fault: Fault) => {
    const handle = emulator.fault(fault)
    const connection = await overSocket()
    t.teardown(() => connection.socket.destroy())
    return { ...connection, handle }
  }

  const reset = await disturbed({ route: '*', kind: 'reset', count: 1 })
  t.equal(await reset.ended, 'RST')
  t.equal(reset.received(), '')

  const close = await disturbed({ route: '*', kind: 'close', count: 1 })
  t.equal(await close.ended, 'FIN')
  t.equal(close.received(), '')

  const garbage = await disturbed({ route: '*', kind: 'garbage', bytes: 'HTTP/1.1 200 O', ending: 'reset', count: 1 })
  t.equal(await garbage.ended, 'RST')
  t.equal(garbage.received(), 'HTTP/1.1 200 O')

  const truncated = await disturbed({ route: '*', kind: 'truncate', count: 1 })
  t.equal(await truncated.ended, 'FIN')
  const [head = '', body = ''] = truncated.received().split('\r\n\r\n')
  const promised = Number(/content-length: ([0-9]+)/i.exec(head)?.[1])
  t.match(head, /^HTTP\/1.1 200 OK/)
  t.ok(body.length > 0 && body.length < promised, 'the body is shorter than its head says')

  for (const fault of [
    { route: '*', kind: 'hang', count: 1 },
    { route: '*', kind: 'hang', when: 'after', count: 1 },
    { route: '*', kind: 'garbage', bytes: 'HTTP', ending: 'hang', count: 1 },
  ] satisfies Fault[]) {
    const hanging = await disturbed(fault)
    t.equal(await Promise.race([hanging.ended, wait(100)]), undefined, `${fault.kind}: the connection stays`)
  }

  const endless = await disturbed({
    ...{ route: '*', kind: 'garbage', count: 1 },
    bytes: 'HTTP/1.1 200 OK\r\n',
    repeat: { bytes: 'x: y\r\n', everyMs: 5 },
  })
  await wait(100)
  t.match(endless.received(), /^HTTP\/1.1 200 OK\r\n(x: y\r\n){3,}/)
})

t.test('slowness', async (t) => {
  const timed = async (): Promise<number> => {
    const start = performance.now()
    t.equal((await create()).status, 200)
    return performance.now() - start
  }
  emulator.fault({ route: '*', kind: 'latency', latencyMs: 120, count: 1 })
  t.ok((await timed()) >= 118)
  emulator.fault({ route: '*', kind: 'drip', everyMs: 2, count: 1 })
  t.ok((await timed()) >= 200, 'more than a hundred bytes, one at a time')
  emulator.fault({ route: '*', kind: 'status', status: 503, latencyMs: 60, count: 1 })
  const start = performance.now()
  t.equal((await create()).status, 503)
  t.ok(performance.now() - start >= 58)
  emulator.fault({ route: '*', kind: 'drip', everyMs: 50 })
  t.equal((await create()).error, 'TimeoutError')
})

t.test('where and how often', async (t) => {
  const token = await emulator.signIn('jane')
  const first = emulator.fault({ route: 'connectTokens.create', kind: 'status', status: 500, skip: 1, count: 2 })
  const second = emulator.fault({ route: 'connectTokens.create', kind: 'status', status: 503 })
  emulator.fault({ route: 'connectTokens.list', kind: 'status', status: 418 })
  t.equal((await verify(token)).status, 200, 'another operation')
  const seen = []
  for (let i = 0; i < 5; i++) seen.push((await create()).status)
  t.strictSame(seen, [503, 500, 500, 503, 503], 'the oldest that applies')
  t.strictSame([first.hits, second.hits], [2, 3])
  second.remove()
  t.equal((await create()).status, 200)
  t.equal((await caller(emulator)('GET', tokensPath)).status, 418)
  emulator.reset()
  t.equal((await caller(emulator)('GET', tokensPath)).status, 200)
  t.equal((await caller(emulator)('GET', '/v2/connectTokens', undefined, { authorization: '' })).status, 401)
  emulator.fault({ route: '*', kind: 'status', status: 503 })
  t.equal(
    (await caller(emulator)('GET', tokensPath, undefined, { authorization: '' })).status,
    503,
    'a fault needs no credentials',
  )
})

t.test('a body that is not JSON meets no fault and uses none up', async (t) => {
  const handle = emulator.fault({ route: '*', kind: 'status', status: 503, count: 1 })
  t.equal((await caller(emulator)('POST', tokensPath, '{')).status, 400)
  t.equal(handle.hits, 0)
  t.equal((await create()).status, 503)
})

t.test('a fault that could never strike is refused', async (t) => {
  const wrong = (fault: object, message: RegExp): void => {
    t.throws(() => Reflect.apply(emulator.fault, emulator, [fault]), { name: 'TypeError', message })
  }
  wrong({ route: '/v2/connectTokens', kind: 'reset' }, /fault.route/)
  wrong({ route: '*', kind: 'rest' }, /fault.kind/)
  wrong({ route: '*', kind: 'reset', count: -1 }, /fault.count/)
  wrong({ route: '*', kind: 'reset', skip: '1' }, /fault.skip/)
  wrong({ route: '*', kind: 'status', status: 99 }, /fault.status/)
  wrong({ route: '*', kind: 'reset', times: 1 }, /fault.times/)
  wrong({ route: '*', kind: 'drip' }, /fault.everyMs/)
})

t.test('close() cuts what hangs, and nothing keeps the process', async (t) => {
  const own = await startEmulator()
  own.fault({ route: '*', kind: 'hang' })
  const hanging = caller(own)('POST', tokensPath, listBody)
  while (own.count() === 0) await wait(5)
  const start = performance.now()
  await own.close()
  t.ok(performance.now() - start < 1000)
  t.ok((await hanging).error)
  t.match(await caller(own)('POST', tokensPath, listBody), { error: 'ECONNREFUSED' })
})

// The emulator listens, so the process would not end by itself.
t.end()
