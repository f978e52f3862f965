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
