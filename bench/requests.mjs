// The requests that the load generator sends, as bytes.
import { randomBytes } from 'node:crypto'

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const header = base64url({ alg: 'RS256', kid: 'pki-1234567890', typ: 'JWT' })
/** As long as an RS256 signature. The upstream accepts every signature. */
const signature = randomBytes(256).toString('base64url')
const run = randomBytes(7).toString('hex')
let tokens = 0

/** A token that passes the local check and was never used before. */
export function newToken(issuedAt = Math.floor(Date.now() / 1000)) {
  tokens += 1
  const claims = {
    iss: 'pro-1',
    sub: 'usr-2345678901234567890',
    exp: issuedAt + 300,
    nbf: issuedAt - 10,
    iat: issuedAt,
    jti: `${run}${String(tokens).padStart(16, '0')}`,
    processId: 'cpr-3456789012345678901',
    username: '',
    credential: 'cre-4567890123456789012',
    challengeId: 'was-5678901234567890123',
    webauthnId: 'user-1',
    isCUI: true,
  }
  return `${header}.${base64url(claims)}.${signature}`
}

const tokenBody = (token) => JSON.stringify({ signedPasskeyData: token })
const connectTokenPath = '/auth/createConnectToken'
const verifyPath = '/auth/verifySignedPasskeyData'
const expiredToken = newToken(Math.floor(Date.now() / 1000) - 3600)

/** Each kind of request: its path, and its body (a string, or a function where each request has its own). */
export const requests = {
  'connect-token': { path: connectTokenPath, body: '{"type":"passkey-list"}' },
  verify: { path: verifyPath, body: () => tokenBody(newToken()) },
  'expired-token': { path: verifyPath, body: tokenBody(expiredToken) },
  'one-character': { path: verifyPath, body: tokenBody('x') },
  'no-dots': { path: verifyPath, body: tokenBody('x'.repeat(7000)) },
  'malformed-json': { path: verifyPath, body: '{"signedPasskeyData":' },
}

/**
 * A function that returns the bytes of the next request of this kind.
 *
 * @param {keyof typeof requests} kind
 * @param {Record<string, string>} headers besides those that every request has
 * @returns {() => string | Buffer}
 */
export function requestBytes(kind, headers = {}) {
  const { path, body } = requests[kind]
  const lines = Object.entries({ 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers })
  const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`
  const withBody = (text) => `${head}content-length: ${text.length}\r\n\r\n${text}`
  if (typeof body === 'function') return () => withBody(body())
  const bytes = Buffer.from(withBody(body))
  return () => bytes
}
