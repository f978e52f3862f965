import type { FastifyInstance } from 'fastify'
import type { State } from '../state/state.js'
import { ApiError } from '../wire/error-envelope.js'
import { frontendPrefix } from '../wire/operations.js'

/** What Corbado's web client sends; with credentials a browser takes no `*` for an answer. */
const requestHeaders = [
  'content-type',
  'x-corbado-projectid',
  'x-corbado-sdk',
  'x-corbado-client-timezone',
  'x-corbado-process-id',
]

/**
 * Lets the pages of the allowed origins call the Frontend API and refuses all others. A request without `Origin` does
 * not come from a foreign page and passes.
 */
export function registerCors(app: FastifyInstance, state: State): void {
  app.addHook('onRequest', async (request, reply) => {
    // The route that was matched, as an address has many spellings; a preflight and an unknown path have none.
    const path = request.routeOptions.url ?? request.raw.url
    if (!path?.startsWith(frontendPrefix)) return
    reply.header('vary', 'Origin')
    const { origin } = request.headers
    if (origin === undefined) return
    if (!state.allowedOrigins.includes(origin)) {
      throw new ApiError(403, 'validation_error', `The origin ${origin} is not allowed, see \`allowedOrigins\`.`, [
        { field: 'Origin', message: `must be an allowed origin, not ${origin}` },
      ])
    }
    reply.header('access-control-allow-origin', origin).header('access-control-allow-credentials', 'true')
    if (request.method !== 'OPTIONS') return
    return reply
      .header('access-control-allow-methods', 'POST')
      .header('access-control-allow-headers', requestHeaders.join(', '))
      .code(204)
      .send()
  })
}
