import { generateKeyPair, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { compactVerify } from 'jose'
import { newId } from './ids.js'

/** The RSA key pair of one emulator, made at start and never written anywhere. */
export interface SigningKey {
  readonly kid: string
  /** Signs any header and claims, also nonsensical ones: bad tokens are a purpose of the emulator. */
  sign(header: unknown, claims: unknown): string
  /** The claims of a token that this key has signed with RS256, or null. */
  verify(token: string): Promise<unknown>
}

export async function createSigningKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return {
    kid: newId('pki'),
    sign(header, claims) {
      const input = signingInput(header, claims)
      return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
    },
    async verify(token) {
      if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return null
      try {
        const { payload } = await compactVerify(token, publicKey, { algorithms: ['RS256'] })
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
      } catch {
        return null
      }
    },
  }
}

export const signingInput = (header: unknown, claims: unknown): string => `${encode(header)}.${encode(claims)}`

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
