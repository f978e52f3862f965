import type { FastifyRequest } from 'fastify'
import { ApiError } from '../wire/error-envelope.js'

/**
 * Refuses what another page sends: also a page of another port of localhost, which a browser calls "same-site".
 * Programs send neither header and pass. Following a link to the page at `/` is harmless.
 */
export function refuseOtherPages({ headers, url }: FastifyRequest): void {
  const { origin } = headers
  const site = headers['sec-fetch-site']
  const foreignOrigin = origin !== undefined && origin !== `http://${headers.host}`
  const foreignSite = url !== '/' && site !== undefined && site !== 'same-origin' && site !== 'none'
  if (foreignOrigin || foreignSite) {
    throw new ApiError(
      403,
      'validation_error',
      'Only the emulator’s own page and programs may do this, not other pages.',
    )
  }
}
