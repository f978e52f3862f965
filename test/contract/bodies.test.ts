import { brotliCompressSync, gzipSync } from 'node:zlib'
import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { ada, HeaderSession } from '../support/people.js'
import { browser, connectTokenPath, openSocket, send, verifyPath } from '../support/requests.js'
import { contract, optionsFor } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const routes = [connectTokenPath, verifyPath]
const asAda = { ...browser, 'x-test-user': ada.identifier }

contract('content types', async ({ t, start, see, refused }) => {
  const app = await start(optionsFor(upstream))
  const accepted = [
    'application/json',
    'APPLICATION/JSON',
    ' application/json ',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json ; charset=utf-8',
    'application/json\t; charset=utf-8',
    'application/json;\tcharset=utf-8',
  ]
  const refusedTypes = [
    'text/plain',
    'text/plain; application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/problem+json',
    'application/jsonp',
    'application/json;',
    'application/json; x=1',
    'application/json\t; x=1',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json; charset=utf-8; charset=latin1',
    'application/json; charset="utf-8',
    'json',
    '/',
    '',
  ]
  for (const type of accepted) {
    const answer = await send(app, {
      path: connectTokenPath,
      headers: { ...asAda, 'content-type': type },
      body: '{"type":"passkey-list"}',
    })
    t.equal(answer.status, 200, `accepted: ${JSON.stringify(type)}`)
    see(`accepted ${type}`, answer.status)
  }
  const before = upstream.count()
  for (const path of routes) {
    for (const type of refusedTypes) {
      const answer = await send(app, {
        path,
        headers: { ...asAda, 'content-type': type },
        body: '{"type":"passkey-list"}',
      })
      refused(`${path} refuses ${JSON.stringify(type)}`, answer, 'UNSUPPORTED_MEDIA_TYPE')
    }
    const without = await send(app, { path, headers: asAda, body: '{}', contentType: null })
    refused(`${path} refuses a body without a type`, without, 'UNSUPPORTED_MEDIA_TYPE')
    refused(`${path} refuses nothing at all`, await send(app, { path, headers: asAda }), 'UNSUPPORTED_MEDIA_TYPE')
  }
  t.equal(upstream.count(), before, 'nothing reached upstream')
})

contract('content encodings', async ({ t, start, see, refused }) => {
  const app = await start(optionsFor(upstream))
  const json = '{"type":"passkey-list"}'
  const bodies: [encoding: string, body: Buffer][] = [
    ['gzip', gzipSync(json)],
    ['GZIP', gzipSync(json)],
    ['gzip', gzipSync(Buffer.alloc(5_000_000, ' '))],
    ['br', brotliCompressSync(json)],
    ['deflate', Buffer.from('x')],
    ['identity, gzip', gzipSync(json)],
    ['nonsense', Buffer.from(json)],
  ]
  for (const path of routes) {
    for (const [encoding, body] of bodies) {
      const answer = await send(app, { path, headers: { ...asAda, 'content-encoding': encoding }, body })
      refused(`${path} ${encoding} ${body.length}`, answer, 'UNSUPPORTED_MEDIA_TYPE')
    }
  }
  const plain = await send(app, {
    path: connectTokenPath,
    headers: { ...asAda, 'content-encoding': 'identity' },
    body: json,
  })
  t.equal(plain.status, 200, 'identity is no encoding')
  see('identity', plain.status)
})

contract('bodies', async ({ t, start, see, refused }) => {
  const session = new HeaderSession()
  const app = await start(optionsFor(upstream, { session }))
  const token = await upstream.signIn(ada.identifier)
  const before = upstream.count()
  const malformed: [name: string, body: string | Buffer][] = [
    ['empty', ''],
    ['white space', ' \n'],
    ['null', 'null'],
    ['number', '1'],
    ['true', 'true'],
    ['text', '"x"'],
    ['array', '[]'],
    ['empty object', '{}'],
    ['truncated', `{"signedPasskeyData":"${token}`],
    ['truncated early', '{"type":"passkey-lis'],
    ['garbage behind', '{"type":"passkey-list"}x'],
    ['two documents', '{"type":"passkey-list"}{}'],
    ['byte order mark', '\ufeff{"type":"passkey-list"}'],
    ['single quotes', "{'type':'passkey-list'}"],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['UTF-16', Buffer.from('{"type":"passkey-list"}', 'utf16le')],
    ['a form', 'type=passkey-list'],
    ['deep array', '['.repeat(5000) + ']'.repeat(5000)],
    ['deep object', `${'{"a":'.repeat(2500)}1${'}'.repeat(2500)}`],
    ['unclosed depth', '['.repeat(16_000)],
    ['__proto__', '{"__proto__":{"type":"passkey-list","signedPasskeyData":"a.b.c","isAdmin":true}}'],
    ['escaped __proto__', '{"\\u005f_proto__":{"type":"passkey-list","isAdmin":true}}'],
    ['constructor', '{"constructor":{"prototype":{"type":"passkey-list","isAdmin":true}}}'],
    ['wrong case of the key', '{"Type":"passkey-list","signedpasskeydata":"a.b.c"}'],
    ['number for a text', '{"type":1,"signedPasskeyData":1}'],
    ['array for a text', '{"type":["passkey-list"],"signedPasskeyData":["a.b.c"]}'],
    ['object for a text', '{"type":{"toString":"x"},"signedPasskeyData":{"toString":"x","toJSON":"x"}}'],
    ['null for a text', '{"type":null,"signedPasskeyData":null}'],
  ]
  for (const path of routes) {
    for (const [name, body] of malformed) {
      const answer = await send(app, { path, headers: asAda, body })
      refused(`${path} ${name}`, answer, 'INVALID_REQUEST')
      t.notOk(answer.text.includes(token.slice(0, 40)), 'nothing of the body comes back')
    }
    const tooLarge = await send(app, { path, headers: asAda, body: ' '.repeat(16 * 1024 + 1) })
    refused(`${path} one byte too many`, tooLarge, 'PAYLOAD_TOO_LARGE')
    const chunked = await send(app, { path, headers: asAda, body: ' '.repeat(20_000), chunked: true })
    refused(`${path} too many in chunks`, chunked, 'PAYLOAD_TOO_LARGE')
  }
  t.equal(upstream.count(), before, 'nothing reached upstream')
  t.equal(Reflect.get({}, 'isAdmin'), undefined, 'no prototype was changed')

  const exact = JSON.stringify({ type: 'passkey-list' }).padEnd(16 * 1024)
  const largest = await send(app, { path: connectTokenPath, headers: asAda, body: exact })
  t.equal(largest.status, 200, '16 KiB are read')
  see('largest', largest.status)

  const twice = `{"signedPasskeyData":"no.to.ken","signedPasskeyData":"${token}","username":"bob-91aa","__proto__":{"a":1}}`
  const answer = await send(app, { path: verifyPath, body: twice })
  t.strictSame(
    answer.json,
    { success: true, user: ada.identifier },
    'the last of two equal keys counts, further keys do not',
  )
  t.strictSame(
    session.logins.map(({ user }) => user),
    [ada],
    'and it is what the hook gets',
  )
})

contract('a body that is announced too large is refused before it is read', async ({ t, start }) => {
  const app = await start(optionsFor(upstream))
  for (const path of routes) {
    const socket = openSocket(app.port)
    t.teardown(() => socket.destroy())
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nX-Test-User: ${ada.identifier}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 16385\r\n\r\n',
    )
    await socket.received('CORBADO_PAYLOAD_TOO_LARGE')
    t.pass(`${path} answered without the body`)
  }
})

contract('a body without an end is refused when it is too large', async ({ t, start }) => {
  const app = await start(optionsFor(upstream))
  for (const path of routes) {
    const socket = openSocket(app.port)
    t.teardown(() => socket.destroy())
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\nX-Test-User: ${ada.identifier}\r\n` +
        `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5000\r\n${' '.repeat(0x5000)}\r\n`,
    )
    await socket.received('CORBADO_PAYLOAD_TOO_LARGE')
    t.pass(`${path} answered without the end`)
  }
})
