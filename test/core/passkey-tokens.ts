import { generateKeyPairSync, sign } from 'node:crypto'
import { projectId } from './corbado-calls.js'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

export const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64url')
export const now = (): number => Math.floor(Date.now() / 1000)

export const header = { alg: 'RS256', kid: 'pki-5177346769191682589', typ: 'JWT' }

/** The claims of a login that has just taken place, as Corbado writes them. */
export function claimsOf(identifier: string, issuedAt = now()) {
  return {
    iss: projectId,
    sub: 'usr-676138078732345317',
    exp: issuedAt + 300,
    nbf: issuedAt - 10,
    iat: issuedAt,
    jti: 'bMjoybgDCBAXolHtmioNsytyVCaRKn',
    processId: 'JcZmmaSRQI1VPDTZMmV1',
    username: '',
    credential: 'cre-13566630052040460774',
    challengeId: 'was-5436378850176376218',
    webauthnId: identifier,
    isCUI: false,
  }
}

/** A token of these very texts, signed by a key of the tests. */
export function sealed(headerText: string | Buffer, claimsText: string | Buffer): string {
  const input = `${encode(headerText)}.${encode(claimsText)}`
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}

/** A good token, but for what is replaced; `undefined` leaves a claim or header parameter out. */
export const tokenOf = (identifier: string, claims: object = {}, headerChanges: object = {}): string =>
  sealed(JSON.stringify({ ...header, ...headerChanges }), JSON.stringify({ ...claimsOf(identifier), ...claims }))
