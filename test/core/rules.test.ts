import { readFileSync } from 'node:fs'
import { CorbadoError, corbadoErrorCodes, isCorbadoError } from '@corbado-connect/core'
import fc from 'fast-check'
import t from 'tap'
import { addressKey, backOffMs, checkOrigin, isOrigin, RetryBudget, retryAfterSeconds } from './internals.js'

t.test('origin rule: the exact table', async (t) => {
  const app = 'https://app.example.com'
  const rule = {
    allowedOrigins: [app, 'http://localhost:5173', 'capacitor://localhost'],
    allowNonBrowserClients: false,
  }
  const verdictOf = (origin?: string, secFetchSite?: string, allowNonBrowserClients = false): string => {
    try {
      checkOrigin({ origin, secFetchSite }, { ...rule, allowNonBrowserClients })
      return 'pass'
    } catch (error) {
      if (!isCorbadoError(error)) throw error
      return `${error.statusCode} ${error.code}`
    }
  }
  const refused = '403 CORBADO_ORIGIN_NOT_ALLOWED'

  for (const site of [undefined, 'same-origin', 'none', 'same-site', 'cross-site', 'garbage']) {
    for (const origin of rule.allowedOrigins) t.equal(verdictOf(origin, site), 'pass', `${origin} is listed, ${site}`)
  }
  t.equal(verdictOf(undefined, 'same-origin'), 'pass')
  t.equal(verdictOf(undefined, 'none'), 'pass')
  t.equal(verdictOf('https://elsewhere.example', 'same-origin'), 'pass', 'the page’s own origin, which we do not know')
  for (const site of ['same-site', 'cross-site', 'Same-Origin', 'same-origin, same-origin', ' none', 'garbage', '']) {
    for (const nonBrowser of [false, true]) t.equal(verdictOf(undefined, site, nonBrowser), refused, `site ${site}`)
  }
  t.equal(verdictOf(), refused)
  t.equal(verdictOf(undefined, undefined, true), 'pass')

  const foreign = [
    'https://app.example.com.evil',
    'https://xapp.example.com',
    'https://example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.',
    'http://localhost:5174',
    'capacitor://localhost2',
  ]
  const malformed = [
    'null',
    '',
    '*',
    'app.example.com',
    `${app}/`,
    `${app}/path`,
    `${app}:443`,
    `${app}?a`,
    `${app}#a`,
    'https://APP.example.com',
    'HTTPS://app.example.com',
    'https://user@app.example.com',
    'https://app.example.com, https://app.example.com',
    'https://app.example.com https://app.example.com',
    `${app},${app}`,
    ` ${app}`,
    'https://',
    '//app.example.com',
    'https:app.example.com',
    'https://app.example.com\\@evil',
  ]
  for (const nonBrowser of [false, true]) {
    for (const origin of [...foreign, ...malformed]) {
      for (const site of [undefined, 'same-site', 'cross-site'])
        t.equal(verdictOf(origin, site, nonBrowser), refused, origin)
    }
    for (const origin of malformed) t.equal(verdictOf(origin, 'same-origin', nonBrowser), refused, origin)
  }
})

t.test('origins that can be listed', async (t) => {
  for (const origin of ['https://a.example', 'http://127.0.0.1:3000', 'http://[::1]:3000', 'ionic://localhost']) {
    t.ok(isOrigin(origin), origin)
  }
  const wrong = ['*', 'https://*', 'https://*.example.com', 'https://a.example/', 'a.example', 'null', 'file://', 'x:y']
  for (const origin of [...wrong, 'https://ä.example', 'https://a.example:80000', 'chrome-extension://ABC']) {
    t.notOk(isOrigin(origin), origin)
  }
})

t.test('addresses: IPv4 one by one, IPv6 by /64', async (t) => {
  const v4 = ['1.2.3.4', '::ffff:1.2.3.4', '::FFFF:1.2.3.4', '::ffff:102:304', '0:0:0:0:0:ffff:1.2.3.4']
  for (const ip of [...v4, '0000:0000:0000:0000:0000:ffff:0102:0304', '::ffff:0102:0304', '::ffff:1.2.3.4%eth0']) {
    t.equal(addressKey(ip), '1.2.3.4', ip)
  }
  t.equal(addressKey('::ffff:0:1'), '0.0.0.1')
  t.equal(addressKey('::ffff:7f00:1'), '127.0.0.1')
  const net = '2001:db8:1:2::/64'
  for (const ip of [
    '2001:db8:1:2::',
    '2001:db8:1:2::1',
    '2001:DB8:1:2:3:4:5:6',
    '2001:0db8:0001:0002:ffff::',
    '2001:db8:1:2::1.2.3.4',
  ]) {
    t.equal(addressKey(ip), net, ip)
  }
  t.not(addressKey('2001:db8:1:3::1'), net)
  t.equal(addressKey('2001:db8::1.2.3.4'), '2001:db8:0:0::/64')
  t.equal(addressKey('::1'), '0:0:0:0::/64')
  t.equal(addressKey('::'), '0:0:0:0::/64')
  t.equal(addressKey('fe80::1%eth0'), addressKey('fe80::2%eth1'))
  t.equal(addressKey('1::'), '1:0:0:0::/64')
  t.equal(addressKey('1:2:3:4:5:6:7:8'), '1:2:3:4::/64')
  for (const garbage of ['', 'unknown', '1.2.3', '1.2.3.4.5', 'fe80', '::ffff:1.2.3.400', 'a, b']) {
    t.equal(addressKey(garbage), garbage, 'no bucket for all that is garbage')
  }
  t.doesNotThrow(() => fc.assert(fc.property(fc.string(), (text) => typeof addressKey(text) === 'string')))
  const network = (address: string): bigint =>
    BigInt(
      `0x${address
        .split(':')
        .map((group) => group.padStart(4, '0'))
        .slice(0, 4)
        .join('')}`,
    )
  const groups = fc
    .array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 })
    .map((numbers) => numbers.map((n) => n.toString(16)).join(':'))
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(groups, groups, (a, b) => {
        if (/^(0:){5}ffff/.test(a) || /^(0:){5}ffff/.test(b)) return true
        return (addressKey(a) === addressKey(b)) === (network(a) === network(b))
      }),
    ),
  )
})

t.test('Retry-After', async (t) => {
  const at = Date.UTC(2026, 10, 22, 12, 0, 0)
  t.intercept(Date, 'now', { value: () => at })
  const table: [string | undefined, number][] = [
    [undefined, 1],
    ['0', 1],
    ['1', 1],
    ['5', 5],
    [' 5 ', 5],
    ['60', 60],
    ['61', 60],
    ['9999999999', 60],
    ['99999999999999999999', 1],
    ['-1', 1],
    ['1.5', 1],
    ['1e9', 1],
    ['0x10', 1],
    ['abc', 1],
    ['', 1],
    ['5, 6', 1],
    [new Date(at + 7000).toUTCString(), 7],
    [new Date(at + 3_600_000).toUTCString(), 60],
    [new Date(at - 1000).toUTCString(), 1],
    ['Sun, 99 Nov 2026 12:00:07 GMT', 1],
    ['Sunday, 22-Nov-26 12:00:07 GMT', 1],
    ['2026-11-22T12:00:07Z', 1],
  ]
  for (const [header, seconds] of table) t.equal(retryAfterSeconds(header), seconds, String(header))
})

t.test('back-off: full jitter between 10 ms and 1 s, growing', async (t) => {
  for (const [random, delays] of [
    [0, [10, 10, 10, 10, 10]],
    [0.5, [60, 110, 210, 410, 510]],
    [1, [110, 210, 410, 810, 1010]],
  ] as const) {
    t.intercept(Math, 'random', { value: () => random })
    t.same([1, 2, 3, 4, 5].map(backOffMs), delays)
  }
})

t.test('retry budget: ten at once, then one in ten requests; a retry that helped is paid back', async (t) => {
  const budget = new RetryBudget()
  const takeAll = (): number => {
    let taken = 0
    while (budget.take()) taken += 1
    return taken
  }
  t.equal(takeAll(), 10)
  for (let index = 0; index < 1000; index += 1) budget.request()
  t.equal(takeAll(), 10, 'it saves up no more than its capacity')
  for (let index = 0; index < 21; index += 1) budget.request()
  t.equal(takeAll(), 2)
  budget.refund(2)
  t.equal(takeAll(), 2)
  budget.refund(1000)
  t.equal(takeAll(), 10)
})

const statuses: Record<string, number> = {
  INVALID_REQUEST: 400,
  NOT_AUTHENTICATED: 401,
  PASSKEY_REJECTED: 401,
  ORIGIN_NOT_ALLOWED: 403,
  TYPE_NOT_ALLOWED: 403,
  NOT_AUTHORIZED: 403,
  FRESH_LOGIN_REQUIRED: 403,
  TOKEN_ALREADY_USED: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  HOOK_FAILED: 500,
  SESSION_FAILED: 500,
  UPSTREAM_REJECTED: 502,
  UPSTREAM_INVALID_RESPONSE: 502,
  OUTCOME_UNKNOWN: 502,
  UPSTREAM_UNAVAILABLE: 503,
  UPSTREAM_BUSY: 503,
  STORE_UNAVAILABLE: 503,
  OVERLOADED: 503,
  SHUTTING_DOWN: 503,
  UPSTREAM_TIMEOUT: 504,
}

t.test('errors: every code, its status, its body', async (t) => {
  t.same(
    corbadoErrorCodes,
    Object.keys(statuses).map((name) => `CORBADO_${name}`),
  )
  const names = corbadoErrorCodes.map((code) => code.replace('CORBADO_', ''))
  const isName = (name: string): name is ConstructorParameters<typeof CorbadoError>[0] => names.includes(name)
  const messages = new Set<string>()
  for (const [name, statusCode] of Object.entries(statuses)) {
    if (!isName(name)) throw new Error(name)
    const error = new CorbadoError(name, { cause: new Error('canary'), reason: 'not_sent', requestId: 'canary' })
    t.equal(error.statusCode, statusCode, name)
    t.equal(error.code, `CORBADO_${name}`)
    t.equal(error.retryable, statusCode === 429 || statusCode === 503 || statusCode === 504, name)
    t.same(Object.keys(error.toJSON()), ['statusCode', 'code', 'error', 'message'])
    t.notMatch(JSON.stringify(error), /canary|not_sent/)
    t.equal(error.headers['cache-control'], 'no-store')
    t.notOk('retry-after' in error.headers)
    messages.add(error.message)
  }
  t.equal(messages.size, names.length, 'each code has a message of its own')
  t.equal(new CorbadoError('UPSTREAM_UNAVAILABLE').misconfigured, false)
  t.equal(new CorbadoError('UPSTREAM_UNAVAILABLE', { misconfigured: true }).misconfigured, true)
  const late = new CorbadoError('OUTCOME_UNKNOWN', { statusCode: 504 })
  t.same(late.toJSON(), { statusCode: 504, code: late.code, error: 'Gateway Timeout', message: late.message })
  t.equal(new CorbadoError('RATE_LIMITED', { retryAfterSeconds: 7 }).headers['retry-after'], '7')
})

t.test('errors: only failures have a stack trace', async (t) => {
  const { stackTraceLimit } = Error
  t.notMatch(new CorbadoError('PASSKEY_REJECTED').stack, /\n {4}at /, 'a refusal has none')
  t.match(new CorbadoError('HOOK_FAILED').stack, /rules\.test/, 'a failure has one')
  t.match(new Error('of the app').stack, /rules\.test/, 'errors of the app keep theirs')
  t.equal(Error.stackTraceLimit, stackTraceLimit)
})

t.test('errors: recognised across two installed copies', async (t) => {
  const copyUrl = `${import.meta.resolve('@corbado-connect/core/errors')}?second-copy`
  const copy: typeof import('@corbado-connect/core/errors') = await import(copyUrl)
  const foreign = new copy.CorbadoError('RATE_LIMITED')
  t.notOk(foreign instanceof CorbadoError, 'really another copy')
  t.ok(isCorbadoError(foreign))
  t.ok(copy.isCorbadoError(new CorbadoError('RATE_LIMITED')))
  for (const value of [undefined, null, 'CORBADO_RATE_LIMITED', new Error('x'), { code: 'CORBADO_RATE_LIMITED' }]) {
    t.notOk(isCorbadoError(value))
  }
})

const errorDocs = new URL('../../../docs/errors.md', import.meta.url)
t.test('docs/errors.md has exactly one heading per code', async (t) => {
  const headings = readFileSync(errorDocs, 'utf8').match(/^#+ .*CORBADO_[A-Z_]+.*$/gm) ?? []
  const documented = headings.flatMap((line) => line.match(/CORBADO_[A-Z_]+/g) ?? [])
  t.same(documented.toSorted(), [...corbadoErrorCodes].toSorted())
})
