import { type SignInOverrides, startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { ada, HeaderSession, People } from '../support/people.js'
import { logIn } from '../support/requests.js'
import { contract, optionsFor, verifications } from './contract.js'
import { claimsOf, documentedToken, rawToken } from './raw-tokens.js'
import { startTrap } from './trap.js'

const upstream = await startEmulator()
const documented = claimsOf(documentedToken)
const documentedProject = await startEmulator({ projectId: String(documented.iss) })
t.teardown(() => Promise.all([upstream.close(), documentedProject.close()]))

const goodHeader = { alg: 'RS256', kid: 'pki-1', typ: 'JWT' }

contract('the compact form', async ({ t, start, see, refused }) => {
  const session = new HeaderSession()
  const app = await start(optionsFor(upstream, { session }))
  const token = await upstream.signIn(ada.identifier)
  const [header = '', claims = '', signature = ''] = token.split('.')
  const before = verifications(upstream)
  const forms: [name: string, form: unknown][] = [
    ['empty', ''],
    ['one dot', '.'],
    ['two dots', '..'],
    ['three dots', '...'],
    ['one part', header],
    ['two parts', `${header}.${claims}`],
    ['two parts and a dot before', `.${claims}.${signature}`],
    ['no claims', `${header}..${signature}`],
    ['four parts', `${token}.${signature}`],
    ['five parts (an encrypted token)', `${token}.${claims}.${signature}`],
    ['a trailing dot', `${token}.`],
    ['padding', `${token}=`],
    ['padding in the header', `${header}=.${claims}.${signature}`],
    ['space before', ` ${token}`],
    ['space behind', `${token} `],
    ['a line feed behind', `${token}\n`],
    ['a tab inside', `${header}.\t${claims}.${signature}`],
    ['NUL', `${token}\u0000`],
    ['the other alphabet', `${header}.${claims}.${signature.slice(0, -2)}+/`],
    ['a lone surrogate', `${token}\ud800`],
    ['a full-width dot', `${header}\uff0e${claims}.${signature}`],
    ['Bearer before', `Bearer ${token}`],
    ['a part of impossible length', `${header}.${claims}.${signature}a`.slice(0, -1).concat('aaa')],
    ['more than 8 KiB', rawToken(goodHeader, claimsOf(token), 'A'.repeat(8 * 1024))],
    ['JSON serialization', { payload: claims, protected: header, signature }],
    ['general JSON serialization', JSON.stringify({ payload: claims, signatures: [{ protected: header, signature }] })],
  ]
  for (const [name, form] of forms) refused(name, await logIn(app, form), 'INVALID_REQUEST')

  // 256 bytes leave four bits of the last character unused: 15 other spellings of the same signature.
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(token.slice(-1))
  const spellings = [...alphabet].filter((_, index) => index !== last && index >> 4 === last >> 4)
  t.equal(spellings.length, 15)
  for (const [index, spelling] of spellings.entries()) {
    refused(`spelling ${index}`, await logIn(app, token.slice(0, -1) + spelling), 'INVALID_REQUEST')
  }
  t.equal(verifications(upstream), before, 'nothing reached upstream')
  const answer = await logIn(app, token)
  t.equal(answer.status, 200, 'the token itself still logs in')
  see('the token itself', answer.json)
  t.equal(session.logins.length, 1)
})

contract('header and claims', async ({ t, start, refused }) => {
  const trap = await startTrap()
  t.teardown(() => trap.close())
  const { url } = trap
  const app = await start(optionsFor(upstream))
  const good = claimsOf(await upstream.signIn(ada.identifier))
  const iss = upstream.projectId
  const headers: Record<string, unknown>[] = [
    ...['none', 'None', 'NONE', 'nOnE', '', 'rs256', 'RS256 ', 'RS384', 'RS512', 'PS256', 'ES256', 'EdDSA', 'HS256'],
    ...['HS512', null, 1, true, ['RS256'], { alg: 'RS256' }, undefined],
  ].map((alg) => ({ ...goodHeader, alg }))
  headers.push(
    ...[{ jku: url }, { x5u: url }, { jwk: { kty: 'oct', k: 'AA' } }, { x5c: ['AA'] }, { zip: 'DEF' }],
    ...[{ crit: ['exp'] }, { crit: [] }, { b64: false }, { b64: true }, { crit: ['b64'], b64: false }],
  )
  const tokens: [name: string, token: string][] = [
    ...headers.map((header): [string, string] => [
      `header ${JSON.stringify(header).replace(url, '<trap>')}`,
      rawToken({ ...goodHeader, ...header }, good),
    ]),
    ['no algorithm, no signature', rawToken({ alg: 'none' }, good, '')],
    ['an algorithm, no signature', rawToken(goodHeader, good, '')],
    ['header no JSON', rawToken('{"alg":"RS256"', good)],
    ['header an array', rawToken('["RS256"]', good)],
    ['header a number', rawToken('1', good)],
    ['header null', rawToken('null', good)],
    ['header invalid UTF-8', rawToken(Buffer.from([0x7b, 0xff, 0x7d]), good)],
    ['header with a byte order mark', rawToken(`\ufeff${JSON.stringify(goodHeader)}`, good)],
    ['two algorithms', rawToken('{"alg":"none","alg":"RS256"}', good)],
    ['algorithm by prototype', rawToken('{"__proto__":{"alg":"RS256"}}', good)],
    ['claims no JSON', rawToken(goodHeader, '{"iss":')],
    ['claims an array', rawToken(goodHeader, [good])],
    ['claims a number', rawToken(goodHeader, '1')],
    ['claims null', rawToken(goodHeader, 'null')],
    ['claims invalid UTF-8', rawToken(goodHeader, Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x7d]))],
    ['claims twice', rawToken(goodHeader, `${JSON.stringify(good).slice(0, -1)},"webauthnId":"bob-91aa"}`)],
    [
      'claims twice, escaped',
      rawToken(goodHeader, `${JSON.stringify(good).slice(0, -1)},"webauthn\\u0049d":"bob-91aa"}`),
    ],
    ['claims by prototype', rawToken(goodHeader, `{"__proto__":${JSON.stringify(good)}}`)],
    ['infinite times', rawToken(goodHeader, JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e999'))],
  ]
  const claims: Record<string, unknown[]> = {
    iss: [undefined, null, '', `${iss} `, ` ${iss}`, iss.toUpperCase(), [iss], { iss }, 1, 'pro-2', `${iss}0`],
    jti: [undefined, null, '', 7, {}, ['x'], ' ', 'a\u0000b', 'a\nb', 'x'.repeat(513)],
    webauthnId: [undefined, null, '', 7, {}, [ada.identifier], ' ', `${ada.identifier} `, 'a\tb'],
    exp: [undefined, null, '', String(good.exp), [good.exp], {}, true],
    nbf: [undefined, null, '', String(good.nbf), [good.nbf], {}, false],
    iat: [undefined, null, '', String(good.iat), [good.iat], {}, true],
  }
  for (const [name, values] of Object.entries(claims)) {
    for (const value of values) {
      tokens.push([
        `${name} ${JSON.stringify(value)
          ?.replace(/\d{10}/, '<now>')
          .slice(0, 40)}`,
        rawToken(goodHeader, { ...good, [name]: value }),
      ])
    }
  }
  // Tokens of the same issuer for something else.
  const { webauthnId: _, ...session } = good
  tokens.push(['a session token of the same issuer', rawToken(goodHeader, { ...session, typ: 'session' })])

  for (const [name, token] of tokens) {
    const before = verifications(upstream)
    refused(name, await logIn(app, token), 'PASSKEY_REJECTED')
    t.equal(verifications(upstream), before, `${name}: no call`)
  }
  t.equal(trap.hits, 0, 'no address in a token is ever visited')
})

contract('times, with 60 seconds of skew', async ({ t, start, see, refused }) => {
  const now = 1_800_000_000
  t.intercept(Date, 'now', { value: () => now * 1000 + 999 })
  const app = await start(optionsFor(upstream))
  const at = (iat: number, lifetime = 300, nbf = iat - 10) => ({
    iat: now + iat,
    nbf: now + nbf,
    exp: now + iat + lifetime,
  })
  const rows: [passes: boolean, claims: Record<string, number>][] = [
    [true, at(0)],
    [true, at(-1)],
    [true, at(1)],
    [true, at(59)],
    [true, at(60)],
    [false, at(61)],
    [false, at(300)],
    [true, at(-299)],
    [true, at(-300)],
    [true, at(-301)],
    [true, at(-359)],
    [false, at(-360)],
    [false, at(-361)],
    [true, at(0, 300, 0)],
    [true, at(0, 300, 59)],
    [true, at(0, 300, 60)],
    [false, at(0, 300, 61)],
    [true, at(0, 420)],
    [false, at(0, 421)],
    [true, at(0, 1)],
    [false, at(0, 0)],
    [false, at(0, -1)],
    [true, at(-420, 420, -420)],
    [false, at(-480, 420, -480)],
    [false, { iat: 0, nbf: 0, exp: 2 ** 53 }],
    [false, { iat: now, nbf: -1e300, exp: 1e300 }],
    // Milliseconds for seconds.
    [false, { iat: now * 1000, nbf: now * 1000, exp: (now + 300) * 1000 }],
  ]
  for (const [passes, claims] of rows) {
    const title = JSON.stringify(claims)
    const before = verifications(upstream)
    const answer = await logIn(app, await upstream.signIn(ada.identifier, { claims }))
    t.equal(
      verifications(upstream) - before,
      passes ? 1 : 0,
      `${title} ${passes ? 'is asked about' : 'is refused here'}`,
    )
    if (passes) see(title, answer.status)
    else refused(title, answer, 'PASSKEY_REJECTED')
  }
})

contract('a forged or foreign token is refused by Corbado, with the same answer', async ({ t, start, refused }) => {
  const session = new HeaderSession()
  const app = await start(optionsFor(upstream, { session }))
  const bad: [name: string, overrides: SignInOverrides][] = [
    ['another key', { signedBy: 'stranger' }],
    ['a challenge that never was', { claims: { challengeId: 'was-1' } }],
    ['an ID token of the same issuer', { claims: { challengeId: undefined, nonce: 'n' } }],
  ]
  for (const [name, overrides] of bad) {
    const before = verifications(upstream)
    refused(name, await logIn(app, await upstream.signIn(ada.identifier, overrides)), 'PASSKEY_REJECTED')
    t.equal(verifications(upstream) - before, 1, `${name}: asked once`)
  }
  const { iss, jti, webauthnId, exp, nbf, iat } = claimsOf(await upstream.signIn(ada.identifier))
  const half = JSON.stringify({ iss, jti, webauthnId, exp, nbf, iat }).slice(0, -1)
  const deep = rawToken(goodHeader, `${half},"deep":${'['.repeat(2900)}${']'.repeat(2900)}}`)
  t.ok(deep.length > 8000 && deep.length <= 8192, 'about as deep as a token can be')
  refused('deep claims', await logIn(app, deep), 'PASSKEY_REJECTED')
  t.strictSame(session.logins, [])
})

contract('one changed bit', async ({ t, start, see }) => {
  const session = new HeaderSession()
  const app = await start(optionsFor(upstream, { session }))
  const token = await upstream.signIn(ada.identifier)
  const statuses = new Set<number>()
  for (let index = 0; index < token.length; index += 23) {
    const changed = String.fromCharCode(token.charCodeAt(index) ^ (1 << (index % 7)))
    const before = verifications(upstream)
    const answer = await logIn(app, token.slice(0, index) + changed + token.slice(index + 1))
    t.ok(answer.status === 400 || answer.status === 401, `character ${index}: ${answer.status}`)
    t.ok(verifications(upstream) - before <= 1, 'asked once at the most')
    statuses.add(answer.status)
  }
  t.strictSame(session.logins, [], 'no session')
  t.strictSame([...statuses].sort(), [400, 401])
  const answer = await logIn(app, token)
  t.equal(answer.status, 200, 'the token itself still logs in')
  see('the token itself', answer.json)
})

contract('the token of the documentation is asked about at its time only', async ({ t, start, refused }) => {
  const session = new HeaderSession()
  const people = new People({ identifier: String(documented.webauthnId) })
  const app = await start(optionsFor(documentedProject, { session, findUser: people.find }))
  const before = verifications(documentedProject)
  refused('today', await logIn(app, documentedToken), 'PASSKEY_REJECTED')
  t.equal(verifications(documentedProject) - before, 0, 'no call for an expired token')

  t.intercept(Date, 'now', { value: () => (Number(documented.iat) + 1) * 1000 })
  refused('at its time', await logIn(app, documentedToken), 'PASSKEY_REJECTED')
  t.equal(verifications(documentedProject) - before, 1, 'asked exactly once')
  t.strictSame(session.logins, [])
})

contract('identifiers as they are', async ({ t, start, see, refused }) => {
  const names = [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'Jürgen',
    '李小龍',
    'o’neill',
    'x'.repeat(255),
  ]
  const people = new People(...names.map((identifier) => ({ identifier })), { identifier: 'kelvin' })
  const session = new HeaderSession()
  const app = await start(optionsFor(upstream, { session, findUser: people.find }))
  for (const name of names) {
    const answer = await logIn(app, await upstream.signIn(name))
    t.strictSame(answer.json, { success: true, user: name }, name)
    see(name, answer.json)
  }
  t.strictSame(
    session.logins.map(({ user }) => user.identifier),
    names,
  )

  const lookAlikes = [
    '\u212aelvin',
    '\uff4b\uff45\uff4c\uff56\uff49\uff4e',
    'kelv\u0131n',
    '\u043aelvin',
    'KELVIN',
    'ﬁsh',
  ]
  for (const name of lookAlikes) {
    refused(`look-alike ${name}`, await logIn(app, await upstream.signIn(name)), 'PASSKEY_REJECTED')
    t.equal(people.askedFor.at(-1), name, 'the hook is asked for the name as it stands')
  }
  const asked = people.askedFor.length
  const sent = verifications(upstream)
  const refusedNames = [
    ' kelvin',
    'kelvin ',
    '\u00a0kelvin',
    'kel\u200bvin',
    'kel\u202evin',
    '\ufeffkelvin',
    'kel\nvin',
    'kel\u0000vin',
    '\ud800',
    'x'.repeat(513),
    '',
  ]
  for (const name of refusedNames) {
    refused(`not a name: ${JSON.stringify(name)}`, await logIn(app, await upstream.signIn(name)), 'PASSKEY_REJECTED')
  }
  t.equal(people.askedFor.length, asked, 'no hook was asked for them')
  t.equal(verifications(upstream), sent, 'nothing reached upstream')
})
