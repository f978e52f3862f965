import { assertBodySize, bodyError, maxBodyBytes } from '@corbado-connect/core/internal'
import type { Request } from 'express'
import readRawBody from 'raw-body'

/**
 * Reads the body of a request to our routes, or takes what a parser of the app has read.
 *
 * @throws CorbadoError `CORBADO_INVALID_REQUEST`, `CORBADO_PAYLOAD_TOO_LARGE`
 */
export function readBody(req: Request): unknown {
  if (req.readableDidRead && req.body !== undefined) return req.body
  // A small body has usually arrived by now. To read it at once is cheaper than to wait for its chunks.
  if (req.complete && !req.readableDidRead && req.readableEncoding === null) {
    const bytes: Buffer | string = req.read() ?? ''
    assertBodySize(bytes.length)
    return bytes
  }
  if (!req.readable) return ''
  // Not express.raw: with a body that is too large or never ends, it waits for the end before it says so.
  return readRawBody(req, { limit: maxBodyBytes, length: req.headers['content-length'] ?? null }).catch(
    (error: unknown) => {
      throw bodyError(error)
    },
  )
}
