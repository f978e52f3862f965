import type { Static } from 'typebox'

/** Body of `POST /auth/createConnectToken`. */
export const connectTokenRequestSchema = {
  type: 'object',
  required: ['type'],
  properties: { type: { type: 'string', description: 'What the connect token is for' } },
} as const

/** Answer of `POST /auth/createConnectToken`. */
export const connectTokenResponseSchema = {
  type: 'object',
  required: ['connectToken', 'expiresAt'],
  properties: {
    connectToken: { type: 'string', description: 'The secret that the frontend passes to Corbado, once' },
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

// Written by hand, because loading a validator costs more at start-up than everything else here. A test holds both checks to
// the schemas.

/** Whether a parsed body fits {@link connectTokenRequestSchema}. */
export function isConnectTokenRequest(body: unknown): body is Static<typeof connectTokenRequestSchema> {
  return typeof ownProperty(body, 'type') === 'string'
}

/** Whether a parsed body fits {@link verifyRequestSchema}. */
export function isVerifyRequest(body: unknown): body is Static<typeof verifyRequestSchema> {
  return typeof ownProperty(body, 'signedPasskeyData') === 'string'
}

function ownProperty(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !Object.hasOwn(body, name)) return undefined
  return Reflect.get(body, name)
}

/** What an OpenAPI document says about a route. */
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
