import type { Static } from 'typebox'
// The import of all of typebox costs three times as much at start-up as its checker over plain JSON schemas.
import { Check } from 'typebox/schema'

/** The types of a connect token. `passkey-login` is for passkeys as a second factor. */
export const connectTokenTypes = ['passkey-append', 'passkey-list', 'passkey-delete', 'passkey-login'] as const

/**
 * What a connect token can be spent on.
 * @see https://docs.corbado.com/corbado-connect/concepts/connect-token
 */
export type ConnectTokenType = (typeof connectTokenTypes)[number]

const connectTokenProperties = {
  id: { type: 'string', minLength: 1, maxLength: 256 },
  tokenType: { type: 'string', minLength: 1, maxLength: 64 },
  data: {
    type: 'object',
    properties: { displayName: { type: 'string' }, identifier: { type: 'string' } },
  },
  connectTokenStatus: { type: 'string', maxLength: 64 },
  expires: { type: 'integer', minimum: 1 },
} as const

/** Corbado's answer to a created connect token; the only one that has the secret. */
export const connectTokenSchema = {
  type: 'object',
  required: ['id', 'tokenType', 'connectTokenStatus', 'secret', 'expires'],
  properties: { ...connectTokenProperties, secret: { type: 'string', minLength: 1, maxLength: 512 } },
} as const

/** Corbado's answer to a list of connect tokens. */
export const connectTokenListSchema = {
  type: 'object',
  required: ['connectTokens', 'paging'],
  properties: {
    connectTokens: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'tokenType', 'connectTokenStatus', 'expires'],
        properties: connectTokenProperties,
      },
    },
    paging: {
      type: 'object',
      required: ['page', 'totalPages', 'totalItems'],
      properties: {
        page: { type: 'integer' },
        totalPages: { type: 'integer' },
        totalItems: { type: 'integer' },
      },
    },
  },
} as const

/** Corbado's generic envelope, of errors too; every part of it may be missing. */
export const envelopeSchema = {
  type: 'object',
  properties: {
    requestData: { type: 'object', properties: { requestID: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,128}$' } } },
    error: { type: 'object', properties: { type: { type: 'string', pattern: '^[a-z0-9_]{1,64}$' } } },
  },
} as const

/** Corbado's verdicts on a signedPasskeyData. Any other text is not a verdict. */
export const verificationResults = [
  'success',
  'invalid_signature',
  'invalid_challenge',
  'user_mismatch',
  'generic_error',
] as const

/**
 * One verdict of Corbado's.
 * @see https://docs.corbado.com/api-reference/backend-api/passkeys/verify-signedpasskeydata-from-a-passkey-login
 */
export type VerificationResult = (typeof verificationResults)[number]

/** A connect token as Corbado returns it on creation. `expires` is Unix time in seconds. */
export type ConnectToken = Static<typeof connectTokenSchema>

/** A page of connect tokens, without their secrets. */
export type ConnectTokenList = Static<typeof connectTokenListSchema>

/** Whether `value` is one of our connect-token types. */
export function isConnectTokenType(value: unknown): value is ConnectTokenType {
  return connectTokenTypes.some((type) => type === value)
}

export { Check as matches }
