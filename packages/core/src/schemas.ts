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

/** Body of `POST /auth/createConnectToken`. */
export const connectTokenRequestSchema = {
  type: 'object',
  required: ['type'],
  properties: { type: { type: 'string', description: 'What the connect token will be spent on' } },
} as const

/** Answer of `POST /auth/createConnectToken`. */
export const connectTokenResponseSchema = {
  type: 'object',
  required: ['connectToken', 'expiresAt'],
  properties: {
    connectToken: { type: 'string', description: 'The secret that the frontend hands to Corbado, once' },
    expiresAt: { type: 'integer', description: 'Unix time in seconds' },
  },
} as const

/** Body of `POST /auth/verifySignedPasskeyData`. */
export const verifyRequestSchema = {
  type: 'object',
  required: ['signedPasskeyData'],
  properties: {
    signedPasskeyData: {
      type: 'string',
      description: 'The JWT of a passkey login, as Corbado gave it to the frontend',
    },
    clientState: {
      description: "Corbado's opaque clientState, at most 3 KB; read only where the option clientState is on",
    },
  },
} as const

/** Body of every error answer. */
export const errorResponseSchema = {
  type: 'object',
  required: ['statusCode', 'code', 'error', 'message'],
  properties: {
    statusCode: { type: 'integer' },
    code: { type: 'string' },
    error: { type: 'string' },
    message: { type: 'string' },
  },
} as const

/** What an OpenAPI document says of a route. */
export interface RouteSchema {
  summary: string
  tags: string[]
  body: object
  response: Record<number, object>
}

const errorStatuses = [400, 401, 403, 409, 413, 415, 429, 500, 502, 503, 504]
const errorResponses = Object.fromEntries(errorStatuses.map((status) => [status, errorResponseSchema]))

/** Both routes with every answer that they can give. */
export const routeSchemas: Readonly<Record<'connectToken' | 'verify', RouteSchema>> = {
  connectToken: {
    summary: 'Create a Corbado connect token for the signed-in user',
    tags: ['passkeys'],
    body: connectTokenRequestSchema,
    response: { 200: connectTokenResponseSchema, ...errorResponses },
  },
  verify: {
    summary: 'Verify a passkey login with Corbado and create a session',
    tags: ['passkeys'],
    body: verifyRequestSchema,
    response: {
      200: { description: 'What createSession returned' },
      204: { type: 'null', description: 'The session was created; createSession returned nothing' },
      ...errorResponses,
    },
  },
}

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

/** Answer of the connect-token route. `expiresAt` is Unix time in seconds. */
export type IssuedConnectToken = Static<typeof connectTokenResponseSchema>

/** Whether `value` is one of our connect-token types. */
export function isConnectTokenType(value: unknown): value is ConnectTokenType {
  return connectTokenTypes.some((type) => type === value)
}

export { Check as matches }
