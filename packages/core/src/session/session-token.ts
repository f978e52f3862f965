import { createHash, randomUUID, subtle, type webcrypto } from 'node:crypto'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { assertOptionalFunction, assertWholeNumber } from '../option-checks.js'
import type { ConnectUser, FindUser, Login } from './strategy.js'

const algorithm = 'HS256'
const minSecretBytes = 32
const reservedClaims = ['sub', 'iat', 'exp', 'jti', 'iss', 'aud', 'nbf']

/** A secret of 32 bytes or more: a text (its UTF-8 bytes count) or bytes. */
export type SessionSecret = string | Uint8Array

/** A secret, or one with a key ID of your own; without it the ID is a digest of the secret. */
export type SessionKey = SessionSecret | { readonly kid: string; readonly secret: SessionSecret }

/** The claims of a session token of ours. */
export interface SessionClaims extends JWTPayload {
  /** The user's WebAuthn identifier. */
  readonly sub: string
  /** Unix time in seconds. */
  readonly iat: number
  /** Unix time in seconds. */
  readonly exp: number
  readonly jti: string
}

/** What both kinds of session token can be configured by. */
export interface SessionTokenOptions<User extends ConnectUser = ConnectUser> {
  /** Signs and verifies; 32 bytes or more. Exactly one of `secret` and `keys`. */
  readonly secret?: SessionSecret | undefined
  /** For rotation: verifies with all, signs with the first. */
  readonly keys?: readonly SessionKey[] | undefined
  /** Life time of a session in seconds. */
  readonly ttlSeconds?: number
  /** The claim `iss`. Default `corbado-connect`. Give two applications that share a secret different ones. */
  readonly issuer?: string
  /** Further claims; the standard ones cannot be replaced. */
  readonly claims?: (user: User) => Readonly<Record<string, unknown>>
  /** True ends a session before its time. Asked on every request. */
  readonly isRevoked?: (claims: SessionClaims) => boolean | Promise<boolean>
}

/** What sets the two kinds apart: one never passes for the other. */
export interface SessionTokenKind {
  /** The strategy's name, for messages. */
  readonly strategy: string
  readonly typ: string
  readonly audience: string
}

/** Signs and reads the tokens of one strategy. @throws TypeError for wrong options, by their names */
export class SessionTokens<User extends ConnectUser> {
  readonly ttlSeconds: number
  readonly #kind: SessionTokenKind
  readonly #issuer: string
  readonly #keys: ReadonlyMap<string, ImportedKey>
  readonly #signingKey: NamedKey
  readonly #extraClaims: ((user: User) => Readonly<Record<string, unknown>>) | undefined
  readonly #isRevoked: SessionTokenOptions['isRevoked']

  constructor(kind: SessionTokenKind, options: SessionTokenOptions<User> & { readonly ttlSeconds: number }) {
    assertWholeNumber(`${kind.strategy}.ttlSeconds`, options.ttlSeconds, 1, 400 * 24 * 3600)
    assertOptionalFunction(`${kind.strategy}.claims`, options.claims)
    assertOptionalFunction(`${kind.strategy}.isRevoked`, options.isRevoked)
    const { issuer = 'corbado-connect' } = options
    if (typeof issuer !== 'string' || issuer === '') throw new TypeError(`${kind.strategy}.issuer: a text was expected`)
    const keys = keysOf(kind.strategy, options)
    this.ttlSeconds = options.ttlSeconds
    this.#kind = kind
    this.#issuer = issuer
    this.#signingKey = keys[0]
    this.#keys = new Map(keys)
    this.#extraClaims = options.claims
    this.#isRevoked = options.isRevoked
  }

  /** A token for the user of a login. */
  async sign({ user }: Login<User>): Promise<string> {
    const extra = this.#extraClaims?.(user) ?? {}
    const taken = reservedClaims.find((name) => Object.hasOwn(extra, name))
    if (taken !== undefined)
      throw new TypeError(`${this.#kind.strategy}.claims: "${taken}" is set by the session itself`)
    const now = Math.floor(Date.now() / 1000)
    const [kid, key] = this.#signingKey
    return new SignJWT({ ...extra })
      .setProtectedHeader({ alg: algorithm, typ: this.#kind.typ, kid })
      .setSubject(user.identifier)
      .setIssuedAt(now)
      .setExpirationTime(now + this.ttlSeconds)
      .setJti(randomUUID())
      .setIssuer(this.#issuer)
      .setAudience(this.#kind.audience)
      .sign(await key)
  }

  /** The user of a token, or null where it is forged, expired, revoked, of another kind, or of nobody any more. */
  async findUser<Found extends ConnectUser>(
    token: string | undefined,
    findUser: FindUser<Found>,
  ): Promise<Found | null> {
    if (token === undefined) return null
    const claims = await this.#verify(token)
    if (claims === null || (await this.#isRevoked?.(claims))) return null
    return findUser(claims.sub)
  }

  async #verify(token: string): Promise<SessionClaims | null> {
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = kid === undefined ? undefined : this.#keys.get(kid)
          if (key === undefined) throw new errors.JWKSNoMatchingKey()
          return key
        },
        {
          algorithms: [algorithm],
          typ: this.#kind.typ,
          issuer: this.#issuer,
          audience: this.#kind.audience,
          requiredClaims: ['sub', 'iat', 'exp', 'jti'],
        },
      )
      const { sub, iat, exp, jti } = payload
      if (typeof sub !== 'string' || iat === undefined || exp === undefined || jti === undefined) return null
      return { ...payload, sub, iat, exp, jti }
    } catch (error) {
      if (error instanceof errors.JOSEError) return null
      throw error
    }
  }
}

/** Imported once: jose imports any other kind of key at every call. */
type ImportedKey = Promise<webcrypto.CryptoKey>
type NamedKey = readonly [kid: string, key: ImportedKey]

function keysOf(
  strategy: string,
  { secret, keys }: Pick<SessionTokenOptions, 'secret' | 'keys'>,
): readonly [NamedKey, ...NamedKey[]] {
  if ((secret === undefined) === (keys === undefined)) {
    throw new TypeError(
      `${strategy}: exactly one of secret and keys was expected (is an environment variable not set?)`,
    )
  }
  if (keys === undefined) return [namedKey(`${strategy}.secret`, secret)]
  if (!Array.isArray(keys)) throw new TypeError(`${strategy}.keys: an array was expected`)
  const [first, ...others] = keys.map((key: unknown) => namedKey(`${strategy}.keys`, key))
  if (first === undefined) throw new TypeError(`${strategy}.keys: at least one key was expected`)
  if (new Set([first, ...others].map(([kid]) => kid)).size <= others.length) {
    throw new TypeError(`${strategy}.keys: every key needs a kid of its own`)
  }
  return [first, ...others]
}

function namedKey(option: string, value: unknown): NamedKey {
  if (typeof value === 'object' && value !== null && 'kid' in value && 'secret' in value) {
    if (typeof value.kid !== 'string' || value.kid === '') throw new TypeError(`${option}: kid must be a text`)
    return [value.kid, importedKey(secretBytes(option, value.secret))]
  }
  const bytes = secretBytes(option, value)
  return [createHash('sha256').update('kid').update(bytes).digest('base64url').slice(0, 11), importedKey(bytes)]
}

function secretBytes(option: string, secret: unknown): Buffer {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array))
    throw new TypeError(`${option}: a secret was expected`)
  const bytes = Buffer.from(secret)
  if (bytes.length < minSecretBytes) throw new TypeError(`${option}: ${minSecretBytes} bytes or more were expected`)
  return bytes
}

function importedKey(bytes: Buffer): ImportedKey {
  return subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
}
