import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import { inspect } from 'node:util'
import t from 'tap'
import { withoutSecrets } from './internals.js'

const secret = 'eyJhbGciOiJSUzI1NiJ9.eyJ3ZWJhdXRobklkIjoiamFuZSJ9.c2lnbmF0dXJl'
const shown = (value: unknown): string => inspect(value, { depth: 20, showHidden: true, maxStringLength: null })

t.test('an error without secrets stays as it is', async (t) => {
  const harmless = Object.assign(new Error('down', { cause: new Error('cause') }), {
    code: 'E1',
    rows: [1, { a: 'b' }],
  })
  t.equal(withoutSecrets(harmless, [secret]), harmless)
  t.equal(withoutSecrets(harmless, []), harmless)
  t.equal(withoutSecrets(null, [secret]), null)
  t.equal(withoutSecrets(undefined, [secret]), undefined)
  const cyclic = new Error('cyclic')
  cyclic.cause = Object.assign(new Error('back'), { cause: cyclic })
  t.equal(withoutSecrets(cyclic, [secret]), cyclic, 'a cycle of causes ends')
})

t.test('secrets are found wherever a logger would write them', async (t) => {
  const hidden: Record<string, unknown> = {
    message: new Error(`failed for ${secret}`),
    string: `failed for ${secret}`,
    property: Object.assign(new Error('x'), { config: { data: { body: secret } } }),
    'property name': Object.assign(new Error('x'), { [secret]: 1 }),
    symbol: Object.assign(new Error('x'), { [Symbol(secret)]: 1 }),
    array: Object.assign(new Error('x'), { rows: [1, [2, secret]] }),
    map: Object.assign(new Error('x'), { headers: new Map([['authorization', secret]]) }),
    set: Object.assign(new Error('x'), { tokens: new Set([secret]) }),
    buffer: Object.assign(new Error('x'), { rawBody: Buffer.from(`{"token":"${secret}"}`) }),
    'typed array': Object.assign(new Error('x'), { bytes: new Uint8Array(Buffer.from(secret)) }),
    'data view': Object.assign(new Error('x'), { view: new DataView(new Uint8Array(Buffer.from(secret)).buffer) }),
    'array buffer': Object.assign(new Error('x'), { buffer: new Uint8Array(Buffer.from(secret)).buffer }),
    cause: new Error('outer', { cause: new Error('inner', { cause: new Error(secret) }) }),
    'errors of an AggregateError': new AggregateError([new Error(secret)], 'x'),
    'reached deep first, then near': (() => {
      const shared = { a: { b: secret } }
      return Object.assign(new Error('x'), { deep: { deeper: { deepest: shared } }, near: shared })
    })(),
  }
  for (const [name, error] of Object.entries(hidden)) {
    t.ok(shown(error).includes(secret) || /buffer|typed|view/.test(name), `${name}: the original holds it`)
    const redacted = withoutSecrets(error, [secret])
    t.type(redacted, Error, name)
    t.not(redacted, error)
    t.notOk(shown(redacted).includes(secret), name)
  }
  t.match(withoutSecrets(new TypeError(`a ${secret} b`), [secret]), { name: 'TypeError', message: 'a [redacted] b' })
})

t.test('what cannot be read, or not in time, is replaced', async (t) => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  for (const odd of [
    proxy,
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no')
        },
      },
    ),
  ]) {
    t.type(withoutSecrets(odd, [secret]), Error)
  }
  for (const before of [19_950, 19_990, 20_000]) {
    const cut = withoutSecrets(new Error(`${secret} ${'x'.repeat(before - secret.length)}${secret}`), [secret])
    t.notMatch(shown(cut), secret.slice(0, 12), 'a secret at the end of the copy is not cut in two')
  }
  let chain = new Error('end')
  for (let depth = 0; depth < 100; depth += 1) chain = new Error('link', { cause: chain })
  const long = withoutSecrets(chain, [secret])
  t.not(long, chain)
  t.match(long, { message: 'link' }, 'a copy of its message and stack')
})

t.test('a large error does not block the event loop', async (t) => {
  const bytes = 10 * 1024 * 1024
  const request = new IncomingMessage(new Socket())
  const large: Record<string, () => unknown> = {
    'a buffer of 10 MB': () => Object.assign(new Error('x'), { response: { rawBody: Buffer.alloc(bytes, 'a') } }),
    'a typed array of 10 MB': () => Object.assign(new Error('x'), { bytes: new Float64Array(bytes / 8) }),
    'a string of 10 MB': () => Object.assign(new Error('x'), { body: 'a'.repeat(bytes) }),
    'a message of 10 MB': () => new Error(Buffer.alloc(bytes, 'a').toString()),
    'a request and response with 10 MB': () =>
      Object.assign(new Error('x'), { request, response: new ServerResponse(request), rawBody: Buffer.alloc(bytes) }),
    '20,000 rows': () =>
      Object.assign(new Error('x'), {
        rows: Array.from({ length: 20_000 }, (_, id) => ({
          id,
          a: 'a',
          b: 'b',
          c: 'c',
          d: 'd',
          e: 'e',
          f: 'f',
          g: 'g',
        })),
      }),
    '5,000 strings of 100 KB': () => {
      const text = 'a'.repeat(100_000)
      return Object.assign(new Error('x'), { rows: Array.from({ length: 5000 }, () => text) })
    },
    'a map of 100,000': () =>
      Object.assign(new Error('x'), { map: new Map(Array.from({ length: 100_000 }, (_, id) => [id, id])) }),
  }
  for (const [name, make] of Object.entries(large)) {
    const error = make()
    const startedAt = performance.now()
    const result = withoutSecrets(error, [secret])
    const took = performance.now() - startedAt
    t.ok(took < 500, `${name}: ${took.toFixed(1)} ms`)
    t.type(result, Error)
    t.ok(withoutSecrets(error, []) === error, `${name}: nothing to look for`)
  }
})
