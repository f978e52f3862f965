import t from 'tap'
import { clientOf, create, type Outcome, summary, verify } from './corbado-calls.js'
import { answer, type FaultServer, type Reply, startFaultServer, verdict } from './fault-server.js'

const unknown = '502 OUTCOME_UNKNOWN'
const invalid = '502 UPSTREAM_INVALID_RESPONSE'
const envelope = (type: string, requestID = 'req-123') => ({
  httpStatusCode: 400,
  message: 'canary text of upstream',
  requestData: { requestID, link: 'https://example.invalid' },
  error: { type, details: 'canary text of upstream' },
})

let reply: Reply
let server: FaultServer
t.before(async () => {
  server = await startFaultServer((socket, request) => reply(socket, request))
})
t.teardown(() => server.close())

/** Both calls against one answer; short on time, so that no retry fits where it would only cost time. */
async function ask(answered: Reply, call: typeof verify): Promise<{ outcome: Outcome; requests: number }> {
  reply = answered
  const before = server.requests.length
  const client = clientOf(server)
  const outcome = await call(client)
  await client.close()
  return { outcome, requests: server.requests.length - before }
}

t.test('every documented verdict is returned as it is, after one request', async (t) => {
  for (const result of ['success', 'invalid_signature', 'invalid_challenge', 'user_mismatch', 'generic_error']) {
    t.same(await ask(verdict(result), verify), { outcome: { value: { verificationResult: result } }, requests: 1 })
  }
  const body = { verificationResult: 'success', further: { fields: [1] } }
  const headers = ['Content-Type: text/html', 'Set-Cookie: a=b', 'Location: /', 'Content-Encoding: identity']
  t.match(await ask(answer(200, body, headers), verify), { outcome: { value: { verificationResult: 'success' } } })
})

t.test('what is not exactly a verdict leaves the outcome unknown, after one request', async (t) => {
  const bodies: Record<string, unknown> = {
    'unknown value': { verificationResult: 'granted' },
    'upper case': { verificationResult: 'SUCCESS' },
    'space behind': { verificationResult: 'success ' },
    true: { verificationResult: true },
    array: { verificationResult: ['success'] },
    object: { verificationResult: { a: 1 } },
    null: { verificationResult: null },
    missing: {},
    'in an object': { data: { verificationResult: 'success' } },
    'in an array': [{ verificationResult: 'success' }],
    'as prototype': '{"__proto__":{"verificationResult":"success"}}',
    'JSON null': 'null',
    'JSON text': '"success"',
    'JSON number': '1',
    'no JSON': '<html>success</html>',
    empty: '',
    'garbage behind': '{"verificationResult":"success"} success',
    'two documents': '{"verificationResult":"success"}{"verificationResult":"success"}',
    BOM: '\ufeff{"verificationResult":"success"}',
    'not UTF-8': Buffer.from('{"verificationResult":"success","a":"\xff"}', 'latin1'),
    'cut off': '{"verificationResult":"success"',
    'the connect token of another call': { id: 'ctk-1', secret: 's' },
  }
  for (const [name, body] of Object.entries(bodies)) {
    const { outcome, requests } = await ask(answer(200, body), verify)
    t.equal(summary(outcome), unknown, name)
    t.equal(requests, 1, name)
  }
  for (const status of [201, 202, 203, 206, 226, 304]) {
    const { outcome, requests } = await ask(answer(status, { verificationResult: 'success' }), verify)
    t.equal(summary(outcome), unknown, String(status))
    t.equal(requests, 1)
  }
  const noContent: Reply = (socket) => socket.write('HTTP/1.1 204 No Content\r\n\r\n')
  t.equal(summary((await ask(noContent, verify)).outcome), unknown)
})

t.test('a verdict that only the prototype of all objects holds is none', async (t) => {
  Object.defineProperty(Object.prototype, 'verificationResult', { value: 'success', configurable: true })
  t.teardown(() => Reflect.deleteProperty(Object.prototype, 'verificationResult'))
  t.equal(summary((await ask(answer(200, {}), verify)).outcome), unknown)
})

t.test('a verdict in __proto__ pollutes nothing', async (t) => {
  await ask(answer(200, '{"__proto__":{"polluted":true}}'), verify)
  t.notOk('polluted' in {})
})

t.test('verify: statuses', async (t) => {
  const configuration = '503 UPSTREAM_UNAVAILABLE'
  const refused = '401 PASSKEY_REJECTED'
  const expected: Record<number, string> = {
    400: refused,
    402: refused,
    409: refused,
    413: refused,
    422: refused,
    401: configuration,
    403: configuration,
    404: configuration,
    405: configuration,
    408: unknown,
    500: unknown,
    502: unknown,
    503: unknown,
    504: unknown,
    599: unknown,
  }
  for (const [status, summaryExpected] of Object.entries(expected)) {
    // The body of a success counts for nothing under another status.
    const body = { ...envelope('some_error'), verificationResult: 'success' }
    const { outcome, requests } = await ask(answer(Number(status), body), verify)
    t.equal(summary(outcome), summaryExpected, status)
    t.match(outcome, { requestId: 'req-123' }, status)
    t.equal(requests, 1, status)
    t.notMatch(JSON.stringify(outcome), /canary/)
  }
})

t.test('connect token: statuses, and how often they are asked for', async (t) => {
  const configuration = '503 UPSTREAM_UNAVAILABLE'
  const rejected = '502 UPSTREAM_REJECTED'
  const expected: Record<number, [summary: string, requests: number]> = {
    201: [invalid, 1],
    204: [invalid, 1],
    304: [invalid, 1],
    400: [rejected, 1],
    409: [rejected, 1],
    422: [rejected, 1],
    401: [configuration, 1],
    403: [configuration, 1],
    404: [configuration, 1],
    405: [configuration, 1],
    408: [rejected, 3],
    500: [rejected, 3],
    502: [rejected, 3],
    503: ['503 UPSTREAM_UNAVAILABLE retryable', 3],
    504: [rejected, 3],
  }
  for (const [status, [summaryExpected, count]] of Object.entries(expected)) {
    const bodiless = status === '204' || status === '304'
    const answered: Reply = bodiless
      ? (socket) => socket.write(`HTTP/1.1 ${status} Status\r\n\r\n`)
      : answer(Number(status), envelope('some_error'))
    const { outcome, requests } = await ask(answered, create)
    t.equal(summary(outcome), summaryExpected, status)
    if (!bodiless) t.match(outcome, { requestId: 'req-123' }, status)
    t.equal(requests, count, status)
    t.notMatch(JSON.stringify(outcome), /canary/)
  }
})

t.test('connect token: a body that is not one', async (t) => {
  const good = {
    id: 'ctk-1',
    tokenType: 'passkey-list',
    data: {},
    connectTokenStatus: 'initial',
    secret: 'ctk1_x',
    expires: 1,
  }
  for (const data of [{}, { identifier: 'jane' }, { identifier: 'jane', displayName: 'Jane', more: 1 }]) {
    t.same((await ask(answer(200, { ...good, data }), create)).outcome, { value: { ...good, data } })
  }
  const { data: _, ...withoutData } = good
  t.same((await ask(answer(200, withoutData), create)).outcome, { value: withoutData })
  const bodies: Record<string, unknown> = {
    'no secret': { ...good, secret: undefined },
    'empty secret': { ...good, secret: '' },
    'secret of a number': { ...good, secret: 1 },
    'secret of 40 KB': { ...good, secret: 'x'.repeat(40_000) },
    'body of 1 MB': { ...good, more: 'x'.repeat(1_000_000) },
    'another type': { ...good, tokenType: 'passkey-append' },
    'of another user': { ...good, data: { identifier: 'mallory' } },
    'of a user in another case': { ...good, data: { identifier: 'Jane' } },
    'of a user that is not a string': { ...good, data: { identifier: ['jane'] } },
    'of null': { ...good, data: { identifier: null } },
    'data that is not an object': { ...good, data: 'jane' },
    'data that is an array': { ...good, data: [] },
    'expires as text': { ...good, expires: '1752749184' },
    'expires of a fraction': { ...good, expires: 1.5 },
    array: [good],
    HTML: '<html></html>',
    empty: '',
    envelope: { httpStatusCode: 200, data: good },
  }
  for (const [name, body] of Object.entries(bodies)) {
    const { outcome, requests } = await ask(answer(200, body), create)
    t.equal(summary(outcome), invalid, name)
    t.equal(requests, 1, name)
  }
})

t.test('429: Retry-After is clamped to 1–60 s, and 1 s where it makes no sense', async (t) => {
  const inTenSeconds = new Date(Date.now() + 10_000).toUTCString()
  const headers: [lines: string[], seconds: number[]][] = [
    [[], [1]],
    [['Retry-After: 0'], [1]],
    [['Retry-After: 5'], [5]],
    [['Retry-After: 60'], [60]],
    [['Retry-After: 999999'], [60]],
    [[`Retry-After: ${inTenSeconds}`], [9, 10]],
    [['Retry-After: Sun, 06 Nov 1994 08:49:37 GMT'], [1]],
    [['Retry-After: Sun, 06 Nov 2994 08:49:37 GMT'], [60]],
    ...['-1', '1e9', '0x10', 'abc', '1.5', '', '5 5', 'Sun, 99 Nov 2994 08:49:37 GMT', '2994-11-06'].map(
      (text): [string[], number[]] => [[`Retry-After: ${text}`], [1]],
    ),
    [['Retry-After: 30', 'Retry-After: 40'], [1]],
  ]
  for (const [lines, seconds] of headers) {
    const { outcome, requests } = await ask(answer(429, envelope('rate_limited'), lines), verify)
    t.equal(summary(outcome), '503 UPSTREAM_BUSY retryable', lines.join())
    t.ok('retryAfterSeconds' in outcome && seconds.includes(outcome.retryAfterSeconds ?? 0), lines.join())
    t.equal(requests, 1)
  }
})

t.test('rate_limited counts under any status of an error', async (t) => {
  for (const status of [400, 403, 429, 503]) {
    const limited = answer(status, envelope('rate_limited'), ['Retry-After: 7'])
    for (const call of [verify, create]) {
      const { outcome, requests } = await ask(limited, call)
      t.match(outcome, { code: 'CORBADO_UPSTREAM_BUSY', statusCode: 503, retryable: true, retryAfterSeconds: 7 })
      t.equal(requests, 1, 'seven seconds do not fit into the deadline')
    }
  }
  t.equal(summary((await ask(answer(200, envelope('rate_limited')), verify)).outcome), unknown)
})

t.test('a request ID that is none is not passed on', async (t) => {
  for (const requestID of ['a b', 'x'.repeat(129), 'a\nb', '<b>', '']) {
    const { outcome } = await ask(answer(400, envelope('validation_error', requestID)), verify)
    t.equal(summary(outcome), '401 PASSKEY_REJECTED')
    t.notOk('requestId' in outcome, JSON.stringify(requestID))
  }
})
