import { isUtf8 } from 'node:buffer'
import { CorbadoError, type Reason } from './errors.js'
import { isIdentifier } from './identifier.js'
import { optionError } from './option-checks.js'

/** The longest token that is looked at, in characters. Corbado's have about 900. */
const maxTokenLength = 8 * 1024
/** How far the clocks of two servers may be apart, in seconds. */
export const clockSkewSeconds = 60
/**
 * The longest lifetime of a token, in seconds. Corbado issues tokens for 5 minutes. The longer a token may live, the longer
 * a forged one fills the replay store.
 */
export const maxLifetimeSeconds = 7 * 60
/** Header parameters that would let a token choose its own key or its own reading. */
const forbiddenHeaderParameters = ['crit', 'jku', 'x5u', 'jwk', 'x5c', 'b64', 'zip']

/** The claims of a signedPasskeyData that the local check has looked at; the others pass as they are. */
export interface SignedPasskeyClaims {
  /** The project ID. */
  readonly iss: string
  /** Unix time in seconds. */
  readonly exp: number
  /** Unix time in seconds. */
  readonly nbf: number
  /** Unix time in seconds. */
  readonly iat: number
  readonly jti: string
  /** The user's WebAuthn identifier: what was put into the connect token as `identifier`. */
  readonly webauthnId: string
  /** Corbado's user ID, `sub`, `credential`, `isCUI` and whatever Corbado adds. */
  readonly [claim: string]: unknown
}

/** A decoded token, **unverified**: anybody can have written it. */
export interface DecodedSignedPasskeyData {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/** What the local check demands. */
export interface LocalCheck {
  readonly issuer: string
  readonly algorithms: readonly string[]
}

const asymmetricAlgorithms = /^((RS|PS|ES)(256|384|512)|EdDSA)$/

/** @throws TypeError that names the option */
export function resolveLocalCheck(
  owner: string,
  { issuer, algorithms = ['RS256'] }: { readonly issuer?: unknown; readonly algorithms?: unknown },
  projectId: string,
): LocalCheck {
  if (issuer !== undefined && (typeof issuer !== 'string' || issuer === '')) {
    throw optionError(`${owner}.issuer`, 'must be a non-empty string')
  }
  const isList = Array.isArray(algorithms) && algorithms.length > 0
  if (!isList || !algorithms.every((name) => typeof name === 'string' && asymmetricAlgorithms.test(name))) {
    throw optionError(`${owner}.algorithms`, 'must be an array of asymmetric JWS algorithms, such as RS256')
  }
  return { issuer: issuer ?? projectId, algorithms: [...algorithms] }
}

/** A token that passed the local check. Only Corbado's verdict makes it a login. */
export interface CheckedSignedPasskeyData {
  readonly claims: SignedPasskeyClaims
  /** What the signature covers: `header.payload`, the same in every spelling of the signature. */
  readonly signingInput: string
}

/**
 * Decodes a signedPasskeyData **without verifying it**: for logs of claims and for tests, never to identify a user.
 *
 * @throws CorbadoError `CORBADO_INVALID_REQUEST` where it is not three canonical base64url parts,
 *   `CORBADO_PASSKEY_REJECTED` where header or claims are no JSON object.
 * @see https://docs.corbado.com/corbado-connect/concepts/signed-passkey-data
 */
export function decodeSignedPasskeyData(jwt: string): DecodedSignedPasskeyData {
  const [header, payload] = compactParts(jwt)
  return { header: jsonObject(header, 'header'), claims: jsonObject(payload, 'claims') }
}

/**
 * The local check before the call: it can only refuse, costs Corbado nothing, and identifies nobody.
 *
 * @throws CorbadoError `CORBADO_INVALID_REQUEST` for a broken form, `CORBADO_PASSKEY_REJECTED` for header and claims.
 */
export function checkSignedPasskeyData(jwt: unknown, check: LocalCheck): CheckedSignedPasskeyData {
  const [headerPart, payloadPart, signature] = compactParts(jwt)
  const header = jsonObject(headerPart, 'header')
  const { alg } = header
  if (typeof alg !== 'string' || !check.algorithms.includes(alg)) throw rejected('local_algorithm')
  if (forbiddenHeaderParameters.some((name) => Object.hasOwn(header, name))) throw rejected('local_header_parameter')
  if (signature === '') throw rejected('local_signature_missing')

  const claims = jsonObject(payloadPart, 'claims')
  const { iss, jti, webauthnId, exp, nbf, iat } = claims
  if (iss !== check.issuer) throw rejected('local_issuer')
  if (!isIdentifier(jti)) throw rejected('local_jti')
  if (!isIdentifier(webauthnId)) throw rejected('local_webauthn_id')
  if (!isTime(exp) || !isTime(nbf) || !isTime(iat)) throw rejected('local_times')
  if (exp <= iat || exp - iat > maxLifetimeSeconds) throw rejected('local_lifetime')
  const now = Math.floor(Date.now() / 1000)
  if (now >= exp + clockSkewSeconds) throw rejected('local_expired')
  if (now < nbf - clockSkewSeconds || now < iat - clockSkewSeconds) throw rejected('local_not_yet_valid')
  return { claims: { ...claims, iss, jti, webauthnId, exp, nbf, iat }, signingInput: `${headerPart}.${payloadPart}` }
}

/** @throws CorbadoError `CORBADO_PASSKEY_REJECTED` if the passkey was used longer ago */
export function assertAge({ iat }: SignedPasskeyClaims, maxAgeSeconds: number): void {
  if (Date.now() / 1000 - iat > maxAgeSeconds) throw rejected('local_too_old')
}

function compactParts(jwt: unknown): [header: string, payload: string, signature: string] {
  if (typeof jwt !== 'string' || jwt.length > maxTokenLength) throw malformed()
  const [header, payload, signature, more] = jwt.split('.', 4)
  if (!header || !payload || signature === undefined || more !== undefined) throw malformed()
  if (!isCanonicalBase64url(header) || !isCanonicalBase64url(payload) || !isCanonicalBase64url(signature))
    throw malformed()
  return [header, payload, signature]
}

/** Padding, other alphabets and unused bits that are set would allow several spellings of one token. */
function isCanonicalBase64url(part: string): boolean {
  if (!/^[\w-]*$/.test(part)) return false
  switch (part.length % 4) {
    case 0:
      return true
    case 2: // The last character has four unused bits.
      return /[AQgw]$/.test(part)
    case 3: // The last character has two unused bits.
      return /[AEIMQUYcgkosw048]$/.test(part)
    default:
      return false
  }
}

function jsonObject(part: string, name: 'header' | 'claims'): Record<string, unknown> {
  let value: unknown
  const bytes = Buffer.from(part, 'base64url')
  if (!isUtf8(bytes)) throw rejected(`local_${name}_not_json`)
  const text = bytes.toString()
  try {
    value = JSON.parse(text)
  } catch {
    throw rejected(`local_${name}_not_json`)
  }
  if (!isObject(value)) throw rejected(`local_${name}_not_object`)
  // Two parsers may read different values for a duplicated name.
  if (countNames(value) !== countWrittenNames(text)) throw rejected(`local_${name}_duplicate`)
  return value
}

const [colon, quote, backslash] = [0x3a, 0x22, 0x5c]

/** Counts the names in a valid JSON text: every colon outside a string belongs to one. */
function countWrittenNames(json: string): number {
  let count = 0
  for (let index = 0; index < json.length; index += 1) {
    const character = json.charCodeAt(index)
    if (character === colon) count += 1
    if (character === quote) index = endOfString(json, index)
  }
  return count
}

function endOfString(json: string, start: number): number {
  let index = start + 1
  while (json.charCodeAt(index) !== quote) index += json.charCodeAt(index) === backslash ? 2 : 1
  return index
}

function countNames(root: unknown): number {
  let count = 0
  // No recursion: 8 KiB have room for a nesting that is deeper than the stack.
  const open = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (typeof value !== 'object' || value === null) continue
    const inside: unknown[] = Object.values(value)
    if (!Array.isArray(value)) count += inside.length
    open.push(...inside)
  }
  return count
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function malformed(): CorbadoError {
  return new CorbadoError('INVALID_REQUEST', { reason: 'token_malformed' })
}

function rejected(reason: Reason & `local_${string}`): CorbadoError {
  return new CorbadoError('PASSKEY_REJECTED', { reason })
}
