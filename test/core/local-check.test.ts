import assert from 'node:assert/strict'
import { decodeSignedPasskeyData, isCorbadoError } from '@corbado-connect/core'
import fc from 'fast-check'
import t from 'tap'
import { projectId } from './corbado-calls.js'
import { checkSignedPasskeyData, isIdentifier } from './internals.js'
import { claimsOf, encode, header, now, sealed, tokenOf } from './passkey-tokens.js'

const malformed = '400 CORBADO_INVALID_REQUEST'
const rejected = '401 CORBADO_PASSKEY_REJECTED'
const rejectedError = { code: 'CORBADO_PASSKEY_REJECTED', statusCode: 401 }
const check = { issuer: projectId, algorithms: ['RS256'] }

/** `ok`, or status and code. Anything but our own errors is thrown on. */
function verdictOf(token: unknown, rule = check): string {
  try {
    checkSignedPasskeyData(token, rule)
    return 'ok'
  } catch (error) {
    if (!isCorbadoError(error)) throw error
    return `${error.statusCode} ${error.code}`
  }
}

/** A name that ends no line of the test's own output. */
const printable = (text: string): string =>
  text.replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** The sample of Corbado's documentation. */
const documented =
  'eyJhbGciOiJSUzI1NiIsImtpZCI6InBraS01MTc3MzQ2NzY5MTkxNjgyNTg5IiwidHlwIjoiSldUIn0.eyJpc3MiOiJwcm8tNzgxNTI5NjI5Mzk0MDg4MTYyMCIsInN1YiI6InVzci02NzYxMzgwNzg3MzIzNDUzMTciLCJleHAiOjE3NTMyMDkwNzMsIm5iZiI6MTc1MzIwODc2MywiaWF0IjoxNzUzMjA4NzczLCJqdGkiOiJiTWpveWJnRENCQVhvbEh0bWlvTnN5dHlWQ2FSS24iLCJwcm9jZXNzSWQiOiJKY1ptbWFTUlFJMVZQRFRaTW1WMSIsInVzZXJuYW1lIjoiIiwiY3JlZGVudGlhbCI6ImNyZS0xMzU2NjYzMDA1MjA0MDQ2MDc3NCIsImNoYWxsZW5nZUlkIjoid2FzLTU0MzYzNzg4NTAxNzYzNzYyMTgiLCJ3ZWJhdXRobklkIjoiYzM2NGE4NTItMDA3MS03MGE0LTBmZTgtZWQ1NzI4YWE5NTIyIiwiaXNDVUkiOmZhbHNlfQ.dFvzxf7t0rdFueaLXLRD0K4hNIXhpm-vMWOaq_PRM_S3J4EO8TYg5fglAPHtdaMhvKPsKxxXtiOVt2DR5t7-AZSmlxdqyRJavV-ffRflJ5ZihfAqGrSMvD8-eN6xv81Nv46SSTKvWvDvImeCwxIvLxzuz4uOPGOVbqRqFYBgXJ4OMkXEN9SiS2ygA-KSvkJ7W1mdgumI4nWjHxNXn_BbtKZihQur6rf4WuZq1heo_SACvAZ8JJPSlUOMRESrjn1RhbBnhAL3v-0ppaMnHlLiLB5tLcvmdohJ6Ws9kcebVJE9d53Hfrzm2thyyg3MgFj0gZdjBzF-0ugqhsjXKIzLrQ'
const documentedIat = 1_753_208_773

t.test('the sample of Corbado’s documentation', async (t) => {
  const expected = { ...claimsOf('c364a852-0071-70a4-0fe8-ed5728aa9522', documentedIat) }
  t.same(decodeSignedPasskeyData(documented), { header, claims: expected })
  t.equal(verdictOf(documented), rejected, 'long expired')
  t.intercept(Date, 'now', { value: () => (documentedIat + 1) * 1000 })
  const { claims, signingInput } = checkSignedPasskeyData(documented, check)
  t.same(claims, expected)
  t.equal(`${signingInput}.${documented.split('.')[2]}`, documented)
  t.equal(verdictOf(documented, { ...check, issuer: 'pro-1' }), rejected)
})

t.test('400: no string of three canonical base64url parts', async (t) => {
  const good = tokenOf('jane')
  t.equal(verdictOf(good), 'ok')
  const [head = '', payload = '', signature = ''] = good.split('.')
  const texts: Record<string, unknown> = {
    number: 1,
    true: true,
    null: null,
    undefined,
    array: [good],
    'object with toString': { toString: () => good },
    'JSON serialisation': { payload, signatures: [{ protected: head, signature }] },
    empty: '',
    dots: '..',
    'one part': head,
    'two parts': `${head}.${payload}`,
    'four parts': `${good}.AAAA`,
    'five parts': `${good}.AAAA.AAAA`,
    'no header': `.${payload}.${signature}`,
    'no payload': `${head}..${signature}`,
    'padding of a part': `${head}.${payload}.${signature}==`,
    'space before': ` ${good}`,
    'new line behind': `${good}\n`,
    'NUL within': `${head}.${payload}.\0${signature}`,
    'other alphabet +': `${head}.${payload}.+${signature.slice(1)}`,
    'other alphabet /': `${head}.${payload}./${signature.slice(1)}`,
    'a lone character': `${head}.${payload}.A`,
    'more than 8 KiB': tokenOf('jane', { more: 'x'.repeat(8 * 1024) }),
  }
  for (const [name, text] of Object.entries(texts)) t.equal(verdictOf(text), malformed, name)

  // 256 bytes leave four unused bits in the last character: sixteen spellings, one of them canonical.
  const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    .map((last) => good.slice(0, -1) + last)
    .filter((spelling) => Buffer.from(spelling.split('.')[2] ?? '', 'base64url').toString('base64url') === signature)
  t.equal(spellings.length, 16)
  t.same(
    spellings.filter((spelling) => verdictOf(spelling) === 'ok'),
    [good],
  )
})

t.test('401: header', async (t) => {
  for (const alg of ['none', 'None', 'NONE', 'nOnE', 'rs256', 'RS256 ', 'RS384', 'RS512', 'PS256', 'ES256', 'EdDSA']) {
    t.equal(verdictOf(tokenOf('jane', {}, { alg })), rejected, alg)
  }
  for (const alg of ['HS256', 'HS512', undefined, null, 1, ['RS256'], { RS256: 1 }, '']) {
    t.equal(verdictOf(tokenOf('jane', {}, { alg })), rejected, String(alg))
  }
  for (const name of ['crit', 'jku', 'x5u', 'jwk', 'x5c', 'b64', 'zip']) {
    for (const value of ['https://127.0.0.1:1/', [], {}, false, null]) {
      t.equal(verdictOf(tokenOf('jane', {}, { [name]: value })), rejected, name)
    }
  }
  const [head, payload] = tokenOf('jane').split('.')
  t.equal(verdictOf(`${head}.${payload}.`), rejected, 'no signature')
  t.equal(verdictOf(tokenOf('jane', {}, { alg: 'ES256' }), { ...check, algorithms: ['RS256', 'ES256'] }), 'ok')
})

t.test('401: header or claims that are no JSON object, or have a name twice', async (t) => {
  const good = JSON.stringify(claimsOf('jane'))
  const texts: Record<string, string | Buffer> = {
    'no JSON': 'jane',
    array: '[]',
    number: '1',
    null: 'null',
    text: '"jane"',
    'two documents': `${good}${good}`,
    BOM: `\ufeff${good}`,
    'not UTF-8': Buffer.from(good.replace('"username":""', '"username":"\xff"'), 'latin1'),
    'name twice': good.replace('{', '{"webauthnId":"mallory",'),
    'name twice, once escaped': good.replace('{', '{"\\u0077ebauthnId":"mallory",'),
    'name twice, within': good.replace('{', '{"more":[{"a":1,"a":2}],'),
  }
  for (const [name, text] of Object.entries(texts)) {
    t.equal(verdictOf(sealed(JSON.stringify(header), text)), rejected, name)
    t.throws(() => decodeSignedPasskeyData(sealed(JSON.stringify(header), text)), rejectedError, name)
  }
  t.equal(verdictOf(sealed('[]', good)), rejected)
  t.equal(verdictOf(sealed('{"alg":"none","alg":"RS256"}', good)), rejected)
  const colonInText = good.replace('{', '{"more":"\\"a\\":1, \\"a\\": 2","jane":{"a": 1},"doe":{"a" : 2},')
  t.equal(verdictOf(sealed(JSON.stringify(header), colonInText)), 'ok', 'names only count where they are names')
  t.equal(verdictOf(tokenOf('jane', JSON.parse('{"__proto__":{"iss":"x"},"constructor":1}'))), 'ok')
  t.equal(verdictOf(sealed(JSON.stringify(header), '{"__proto__":{"webauthnId":"jane"}}')), rejected)
})

t.test('401: nested as deep as 8 KiB allow', async (t) => {
  const claims = JSON.stringify(claimsOf('jane')).slice(1)
  for (const [open, close] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    const depth = Math.floor((5300 - claims.length) / (open.length + close.length))
    const text = `{"more":${open.repeat(depth)}0${close.repeat(depth)},${claims}`
    t.equal(verdictOf(sealed(JSON.stringify(header), text)), 'ok')
  }
  const deepest = Math.floor(6100 / 2)
  const token = `${encode('{"alg":"RS256"}')}.${encode(`{"a":${'['.repeat(deepest)}${']'.repeat(deepest)}}`)}.AAAA`
  t.equal(verdictOf(token), rejected)
})

t.test('401: claims', async (t) => {
  const claims: [string, unknown[]][] = [
    ['iss', [undefined, null, '', 'pro-1', `${projectId} `, projectId.toUpperCase(), [projectId], 1]],
    ['jti', [undefined, null, '', 1, {}, 'x'.repeat(1000), 'a\u0000b', 'a\nb', ' a']],
    ['webauthnId', [undefined, null, '', 1, ['jane'], { toString: 'jane' }]],
    ['exp', [undefined, null, '1753209073', true, [], -1, 0, now() + 300.5]],
    ['nbf', [undefined, null, '1', true, now() + 1000, now() - 0.5]],
    ['iat', [undefined, null, '1', true, now() + 1000, 0, now() - 0.5]],
  ]
  for (const [name, values] of claims) {
    for (const value of values)
      t.equal(verdictOf(tokenOf('jane', { [name]: value })), rejected, `${name} ${JSON.stringify(value)}`)
  }
  const endless = JSON.stringify(claimsOf('jane')).replace(/"exp":\d+/, '"exp":1e999')
  t.equal(verdictOf(sealed(JSON.stringify(header), endless)), rejected)
  const session = { iss: projectId, sub: 'usr-1', iat: now(), exp: now() + 300, nbf: now(), jti: 'a' }
  t.equal(verdictOf(sealed(JSON.stringify(header), JSON.stringify(session))), rejected, 'another token of this issuer')
})

t.test('times: 60 seconds of skew, a lifetime of at most 7 minutes', async (t) => {
  const at = 1_800_000_000
  t.intercept(Date, 'now', { value: () => at * 1000 + 999 })
  const verdictWith = (claims: object): string => verdictOf(tokenOf('jane', { ...claimsOf('jane', at), ...claims }))
  for (const age of [0, 1, 59, 60, 299, 300, 301, 358, 359]) {
    t.equal(verdictWith(claimsOf('jane', at - age)), 'ok', `${age} s old`)
  }
  for (const age of [360, 361, 3600]) t.equal(verdictWith(claimsOf('jane', at - age)), rejected, `${age} s old`)
  for (const ahead of [1, 59, 60]) t.equal(verdictWith(claimsOf('jane', at + ahead)), 'ok', `${ahead} s ahead`)
  for (const ahead of [61, 70, 3600]) t.equal(verdictWith(claimsOf('jane', at + ahead)), rejected, `${ahead} s ahead`)
  t.equal(verdictWith({ nbf: at + 60 }), 'ok')
  t.equal(verdictWith({ nbf: at + 61 }), rejected)
  t.equal(verdictWith({ exp: at + 420 }), 'ok')
  t.equal(verdictWith({ exp: at + 421 }), rejected)
  t.equal(verdictWith({ exp: at }), rejected, 'no life time')
  t.equal(verdictWith({ exp: at - 1 }), rejected)
})

t.test('identifiers: what can be sent and compared as it is', async (t) => {
  const good = ['jane', 'jane@doe.com', 'Jane Doe', 'c364a852-0071-70a4-0fe8-ed5728aa9522', '用户', 'é', '😀']
  for (const name of [...good, '__proto__', 'constructor', 'toString', "' OR 1=1", 'x'.repeat(512)]) {
    t.ok(isIdentifier(name), printable(name))
    t.equal(checkSignedPasskeyData(tokenOf(name), check).claims.webauthnId, name, 'unchanged')
  }
  const bad = ['', ' jane', 'jane ', '\u00a0jane', 'jane\u3000', '\ufeffjane', 'ja\u200bne', 'ja\u200dne', 'ja\u2060ne']
  const bidi = ['\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069'].map((mark) => `ja${mark}ne`)
  const control = ['ja\nne', 'ja\u0000ne', 'ja\u001b[31mne', 'ja\u0085ne', 'ja\u2028ne']
  const surrogates = ['ja\ud800ne', '\udc00', 'jane\ud83d']
  for (const name of [...bad, ...bidi, ...control, ...surrogates, 'x'.repeat(513)]) {
    t.notOk(isIdentifier(name), printable(name))
    t.equal(verdictOf(tokenOf(name)), rejected, printable(name))
  }
  for (const value of [undefined, null, 1, ['jane'], {}, new String('jane')]) t.notOk(isIdentifier(value))
})

t.test('property: one flipped bit is refused, or changes nothing that was said', async (t) => {
  const token = tokenOf('jane')
  const said = checkSignedPasskeyData(token, check).claims
  const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'))
  const flips = fc
    .nat({ max: 2 })
    .chain((part) => fc.tuple(fc.constant(part), fc.nat({ max: 8 * (parts[part]?.length ?? 1) - 1 })))
  // The claims that the check looks at. A flip within another one is for Corbado's signature check to find.
  const checked = ['iss', 'exp', 'nbf', 'iat', 'webauthnId', 'jti'] as const
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(flips, ([part, bit]) => {
        const flipped = parts.map((bytes, index) => {
          const copy = Buffer.from(bytes)
          if (index === part) copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
          return copy.toString('base64url')
        })
        const changed = flipped.join('.')
        const verdict = verdictOf(changed)
        if (verdict === malformed || verdict === rejected) return
        if (part === 2) assert.deepEqual(checkSignedPasskeyData(changed, check).claims, said)
        // Whatever passes is another token for the replay store, unless only its signature differs.
        const { signingInput, claims } = checkSignedPasskeyData(changed, check)
        assert.equal(signingInput === token.slice(0, token.lastIndexOf('.')), part === 2)
        assert.ok(claims.iss === projectId && checked.every((name) => Object.hasOwn(claims, name)))
      }),
      { numRuns: 2000 },
    ),
  )
})

t.test('property: no text at all makes it fail but by its two codes', async (t) => {
  const part = fc.oneof(fc.base64String(), fc.json().map(encode), fc.string().map(encode), fc.string())
  const token = fc.array(part, { minLength: 1, maxLength: 4 }).map((texts) => texts.join('.'))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.oneof(token, fc.anything()), (text) => [malformed, rejected].includes(verdictOf(text))),
      { numRuns: 500 },
    ),
  )
})
