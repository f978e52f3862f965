import { bodyError, maxBodyBytes, parseJsonBody } from '@corbado-connect/core/internal'
import express, { type Request, type Response } from 'express'

const readBytes = express.raw({ type: () => true, inflate: false, limit: maxBodyBytes })

/**
 * Reads the body of a request to our routes, or takes what a parser of the app has read before.
 *
 * @throws CorbadoError `CORBADO_INVALID_REQUEST`, `CORBADO_PAYLOAD_TOO_LARGE`, `CORBADO_UNSUPPORTED_MEDIA_TYPE`
 */
export async function readBody(req: Request, res: Response): Promise<unknown> {
  const parsedBefore = req.readableDidRead && req.body !== undefined
  if (!parsedBefore) {
    await new Promise<void>((resolve, reject) => {
      readBytes(req, res, (error?: unknown) => (error === undefined ? resolve() : reject(bodyError(error))))
    })
  }
  const body: unknown = req.body
  if (Buffer.isBuffer(body)) return parseJsonBody(body)
  if (parsedBefore) return typeof body === 'string' ? parseJsonBody(Buffer.from(body)) : body
  return parseJsonBody(Buffer.alloc(0))
}
