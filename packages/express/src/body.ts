import { bodyError, maxBodyBytes, parseJsonBody } from '@corbado-connect/core/internal'
import type { Request } from 'express'
import readRawBody from 'raw-body'

/**
 * Reads the body of a request to our routes, or takes what a parser of the app has read before.
 *
 * @throws CorbadoError `CORBADO_INVALID_REQUEST`, `CORBADO_PAYLOAD_TOO_LARGE`
 */
export async function readBody(req: Request): Promise<unknown> {
  if (!req.readableDidRead || req.body === undefined) return parseJsonBody(await readBytes(req))
  const body: unknown = req.body
  if (Buffer.isBuffer(body)) return parseJsonBody(body)
  return typeof body === 'string' ? parseJsonBody(Buffer.from(body)) : body
}

/** Not by `express.raw`: of a body that is too large, or has no end, it waits for the end before it says so. */
async function readBytes(req: Request): Promise<Buffer> {
  if (!req.readable) return Buffer.alloc(0)
  try {
    return await readRawBody(req, { limit: maxBodyBytes, length: req.headers['content-length'] ?? null })
  } catch (error) {
    throw bodyError(error)
  }
}
