import { createHash, subtle, type webcrypto } from 'node:crypto'
import { optionError } from '../option-checks.js'

const minSecretBytes = 32

/** A secret of at least 32 bytes: a string (its UTF-8 bytes count) or bytes. */
export type SessionSecret = string | Uint8Array

/** A secret, or a secret with a key ID that you choose. Without one, the ID is a digest of the secret. */
export type SessionKey = SessionSecret | { readonly kid: string; readonly secret: SessionSecret }

/** Imported once, because jose imports any other kind of key on every call. */
export type ImportedKey = Promise<webcrypto.CryptoKey>

/** Signs with `signing`, verifies with the key that `byId` has for a token's `kid`. */
export interface SigningKeys {
  readonly signing: { readonly kid: string; readonly key: ImportedKey }
  readonly byId: ReadonlyMap<string, ImportedKey>
}

/** @throws TypeError that names the option and never contains a secret */
export function resolveSigningKeys(
  strategy: string,
  { secret, keys }: { readonly secret?: unknown; readonly keys?: unknown },
): SigningKeys {
  if ((secret === undefined) === (keys === undefined)) {
    throw optionError(strategy, 'set exactly one of `secret` and `keys` (is an environment variable missing?)')
  }
  if (keys === undefined) return signingKeys([namedKey(`${strategy}.secret`, secret)])
  if (!Array.isArray(keys)) throw optionError(`${strategy}.keys`, 'must be an array')
  const named = keys.map((key: unknown) => namedKey(`${strategy}.keys`, key))
  if (named.length === 0) throw optionError(`${strategy}.keys`, 'must contain at least one key')
  if (new Set(named.map(([kid]) => kid)).size < named.length) {
    throw optionError(`${strategy}.keys`, 'must have a different `kid` for every key')
  }
  return signingKeys(named)
}

type NamedKey = readonly [kid: string, key: ImportedKey]

function signingKeys(named: readonly NamedKey[]): SigningKeys {
  const [first] = named
  if (first === undefined) throw new TypeError('at least one key is needed')
  return { signing: { kid: first[0], key: first[1] }, byId: new Map(named) }
}

function namedKey(option: string, value: unknown): NamedKey {
  if (typeof value === 'object' && value !== null && 'kid' in value && 'secret' in value) {
    if (typeof value.kid !== 'string' || value.kid === '')
      throw optionError(`${option}.kid`, 'must be a non-empty string')
    return [value.kid, importedKey(secretBytes(option, value.secret))]
  }
  const bytes = secretBytes(option, value)
  return [createHash('sha256').update('kid').update(bytes).digest('base64url').slice(0, 11), importedKey(bytes)]
}

function secretBytes(option: string, secret: unknown): Buffer {
  if (typeof secret !== 'string' && !(secret instanceof Uint8Array))
    throw optionError(option, 'must be a string or a Uint8Array')
  const bytes = Buffer.from(secret)
  if (bytes.length < minSecretBytes) throw optionError(option, `must have at least ${minSecretBytes} bytes`)
  return bytes
}

function importedKey(bytes: Buffer): ImportedKey {
  return subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify'])
}
