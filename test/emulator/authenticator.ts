import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { objectOf, parse, textOf } from './http.js'

/** What a test makes wrong on purpose. */
export type Mistakes = { origin?: string; challenge?: string; userHandle?: string; counter?: number; rpId?: string }

/**
 * A passkey provider of a few lines: ES256, no attestation, user always verified. It speaks the JSON that a browser's
 * `PublicKeyCredential.toJSON()` writes, so that the Frontend API can be tested without a browser.
 */
export function createAuthenticator(pageOrigin: string) {
  const id = randomBytes(16)
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  let counter = 0
  let handle = ''

  const clientData = (type: string, challenge: string, origin = pageOrigin): Buffer =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))

  /** RP ID hash, flags, counter and, for a new passkey, what WebAuthn calls attested credential data. */
  function authenticatorData(rpId: string, flags: number, count: number, attested = Buffer.alloc(0)): Buffer {
    const counts = Buffer.alloc(4)
    counts.writeUInt32BE(count)
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags]), counts, attested])
  }

  const credential = (response: object) => ({
    id: id.toString('base64url'),
    rawId: id.toString('base64url'),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults: {},
    response,
  })

  /** The public key as a COSE_Key (RFC 9052). */
  const coseKey = cborMap([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, Buffer.from(jwk.x ?? '', 'base64url')],
    [-3, Buffer.from(jwk.y ?? '', 'base64url')],
  ])

  return {
    publicKey: coseKey.toString('base64url'),
    credentialID: id.toString('base64url'),
    /** Answers the `attestationOptions` of append/start. */
    create(options: string, mistakes: Mistakes = {}): string {
      const publicKey = objectOf(parse(options), 'publicKey')
      handle = textOf(objectOf(publicKey, 'user'), 'id')
      const challenge = mistakes.challenge ?? textOf(publicKey, 'challenge')
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKey])
      const data = authenticatorData(mistakes.rpId ?? textOf(objectOf(publicKey, 'rp'), 'id'), 0x45, counter, attested)
      const attestation = cborMap([
        ['fmt', 'none'],
        ['attStmt', null],
        ['authData', data],
      ])
      return JSON.stringify(
        credential({
          clientDataJSON: clientData('webauthn.create', challenge, mistakes.origin).toString('base64url'),
          attestationObject: attestation.toString('base64url'),
          transports: ['internal'],
        }),
      )
    },
    /** Answers the `assertionOptions` of login/start, or a conditional UI challenge. */
    get(options: string, mistakes: Mistakes = {}): string {
      const publicKey = objectOf(parse(options), 'publicKey')
      counter = mistakes.counter ?? counter + 1
      const json = clientData('webauthn.get', mistakes.challenge ?? textOf(publicKey, 'challenge'), mistakes.origin)
      const data = authenticatorData(mistakes.rpId ?? textOf(publicKey, 'rpId'), 0x05, counter)
      const signed = Buffer.concat([data, createHash('sha256').update(json).digest()])
      return JSON.stringify(
        credential({
          clientDataJSON: json.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: sign('sha256', signed, privateKey).toString('base64url'),
          userHandle: mistakes.userHandle ?? handle,
        }),
      )
    },
  }
}

type Cbor = number | string | Buffer | null

/** As much of CBOR (RFC 8949) as a passkey needs. */
function cborMap(entries: [Cbor, Cbor][]): Buffer {
  return Buffer.concat([head(5, entries.length), ...entries.flat().map(cbor)])
}

function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, value.length), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  // Nothing is an empty map here: no attestation has no statement.
  return head(5, 0)
}

function head(major: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(major << 5) | count])
  return count < 256
    ? Buffer.from([(major << 5) | 24, count])
    : Buffer.from([(major << 5) | 25, count >> 8, count & 255])
}
