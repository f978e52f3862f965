import { brotliCompressSync, gzipSync } from 'node:zlib'
import type { FaultAction } from '@corbado-connect/emulator'
import type { messages } from './contract.js'

const success = '{"verificationResult":"success"}'

/** One thing that upstream may do to a verification, and what has to come of it. */
export interface Outcome {
  readonly name: string
  readonly fault: FaultAction
  readonly code: keyof typeof messages
  readonly status?: number
  /** Whether the same token may be submitted again. */
  readonly token: 'released' | 'kept'
  readonly retryAfter?: string
}

/** This answer instead of the true one. */
export function answered(
  status: number,
  body?: unknown,
  headers: Record<string, string | string[]> = {},
): Extract<FaultAction, { kind: 'status' }> {
  return { kind: 'status', status, headers, ...(body === undefined ? {} : { body }) }
}

const refusals = ['invalid_signature', 'invalid_challenge', 'user_mismatch'].map(
  (verdict): Outcome => ({
    name: `verdict ${verdict}`,
    fault: answered(200, { verificationResult: verdict }),
    code: 'PASSKEY_REJECTED',
    token: 'released',
  }),
)

const unknownBodies: [name: string, body: unknown, headers?: Record<string, string>][] = [
  ['generic_error', { verificationResult: 'generic_error' }],
  ['an unknown verdict', { verificationResult: 'maybe' }],
  ['SUCCESS', { verificationResult: 'SUCCESS' }],
  ['success with a space', { verificationResult: 'success ' }],
  ['true', { verificationResult: true }],
  ['an array', { verificationResult: ['success'] }],
  ['an object', { verificationResult: { a: 1 } }],
  ['null', { verificationResult: null }],
  ['no verdict', {}],
  ['a prototype with a verdict', '{"__proto__":{"verificationResult":"success"}}'],
  ['a verdict one level down', { data: { verificationResult: 'success' } }],
  ['an array around it', [{ verificationResult: 'success' }]],
  ['another key', { verificationresult: 'success' }],
  ['a text', '"success"'],
  ['an empty body', ''],
  ['JSON and garbage', `${success}x`],
  ['two documents', success + success],
  ['a byte order mark', `\ufeff${success}`],
  ['HTML', '<html>success</html>'],
  [
    'invalid UTF-8',
    Buffer.concat([Buffer.from('{"verificationResult":"success","x":"'), Buffer.from([0xff, 0x22, 0x7d])]),
  ],
  ['gzip', gzipSync(success), { 'content-encoding': 'gzip' }],
  ['brotli', brotliCompressSync(success), { 'content-encoding': 'br' }],
  ['a bomb', gzipSync(Buffer.alloc(10_000_000, ' ')), { 'content-encoding': 'gzip' }],
  ['too large', success.padEnd(70_000)],
  ['20 MB', success.padEnd(20_000_000)],
]

const unknownStatuses = [201, 202, 203, 204, 206, 408, 500, 501, 502, 503, 504, 599]

/** Outcomes that are known at once. @param trap the address of a server that nobody must visit */
export const outcomes = (trap: string): readonly Outcome[] => [
  ...refusals,
  ...unknownBodies.map(
    ([name, body, headers]): Outcome => ({
      name: `body: ${name}`,
      fault: answered(200, body, headers),
      code: 'OUTCOME_UNKNOWN',
      token: 'kept',
    }),
  ),
  ...unknownStatuses.map(
    (status): Outcome => ({
      name: `status ${status}`,
      fault: answered(status, status === 204 ? '' : success),
      code: 'OUTCOME_UNKNOWN',
      token: 'kept',
    }),
  ),
  ...[301, 302, 303, 307, 308].map(
    (status): Outcome => ({
      name: `redirect ${status}`,
      fault: answered(status, '', { location: trap }),
      code: 'OUTCOME_UNKNOWN',
      token: 'kept',
    }),
  ),
  ...[400, 402, 406, 409, 410, 413, 415, 418, 421, 422, 425, 451].map(
    (status): Outcome => ({
      name: `status ${status}`,
      fault: answered(status),
      code: 'PASSKEY_REJECTED',
      token: 'released',
    }),
  ),
  ...[401, 403, 404, 405].map(
    (status): Outcome => ({
      name: `status ${status}`,
      fault: answered(status),
      code: 'UPSTREAM_UNAVAILABLE',
      token: 'released',
    }),
  ),
  ...(
    [
      [undefined, '1'],
      ['0', '1'],
      ['5', '5'],
      ['999999', '60'],
      ['-1', '1'],
      ['1e9', '1'],
      ['0x10', '1'],
      ['abc', '1'],
      ['1.5', '1'],
      ['', '1'],
      [['7', '8'], '1'],
      ['Thu, 01 Jan 1970 00:00:00 GMT', '1'],
      ['Fri, 31 Dec 9999 23:59:59 GMT', '60'],
    ] as const
  ).map(
    ([header, expected]): Outcome => ({
      name: `429, Retry-After ${JSON.stringify(header)}`,
      fault: answered(
        429,
        undefined,
        header === undefined ? {} : { 'retry-after': typeof header === 'string' ? header : [...header] },
      ),
      code: 'UPSTREAM_BUSY',
      token: 'released',
      retryAfter: expected,
    }),
  ),
  {
    name: '400 rate_limited',
    fault: { ...answered(400), errorType: 'rate_limited' },
    code: 'UPSTREAM_BUSY',
    token: 'released',
    retryAfter: '1',
  },
  {
    name: '503 rate_limited',
    fault: { ...answered(503), errorType: 'rate_limited' },
    code: 'UPSTREAM_BUSY',
    token: 'released',
    retryAfter: '1',
  },
  { name: 'reset', fault: { kind: 'reset' }, code: 'OUTCOME_UNKNOWN', token: 'kept' },
  { name: 'processed, then reset', fault: { kind: 'reset', when: 'after' }, code: 'OUTCOME_UNKNOWN', token: 'kept' },
  { name: 'closed', fault: { kind: 'close' }, code: 'OUTCOME_UNKNOWN', token: 'kept' },
  { name: 'no HTTP', fault: { kind: 'garbage' }, code: 'OUTCOME_UNKNOWN', token: 'kept' },
  { name: 'cut off', fault: { kind: 'truncate' }, code: 'OUTCOME_UNKNOWN', token: 'kept' },
  {
    name: 'a cut-off success',
    fault: { kind: 'garbage', bytes: `HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n${success}` },
    code: 'OUTCOME_UNKNOWN',
    token: 'kept',
  },
  {
    name: 'an endless body',
    fault: { kind: 'garbage', bytes: 'HTTP/1.1 200 OK\r\n\r\n', repeat: { bytes: ' '.repeat(16_384), everyMs: 1 } },
    code: 'OUTCOME_UNKNOWN',
    token: 'kept',
  },
]

/** Outcomes that only the deadline tells. */
export const slowOutcomes: readonly Outcome[] = [
  { name: 'no answer', fault: { kind: 'hang' }, code: 'OUTCOME_UNKNOWN', status: 504, token: 'kept' },
  {
    name: 'half an answer',
    fault: { kind: 'garbage', bytes: 'HTTP/1.1 200', ending: 'hang' },
    code: 'OUTCOME_UNKNOWN',
    status: 504,
    token: 'kept',
  },
  { name: 'byte by byte', fault: { kind: 'drip', everyMs: 100 }, code: 'OUTCOME_UNKNOWN', status: 504, token: 'kept' },
  {
    name: 'interim answers for ever',
    fault: {
      kind: 'garbage',
      bytes: 'HTTP/1.1 102 Processing\r\n\r\n',
      repeat: { bytes: 'HTTP/1.1 102 Processing\r\n\r\n', everyMs: 50 },
    },
    code: 'OUTCOME_UNKNOWN',
    status: 504,
    token: 'kept',
  },
  {
    name: 'headers for ever',
    fault: { kind: 'garbage', bytes: 'HTTP/1.1 200 OK\r\n', repeat: { bytes: 'A: b\r\n', everyMs: 50 } },
    code: 'OUTCOME_UNKNOWN',
    status: 504,
    token: 'kept',
  },
]
