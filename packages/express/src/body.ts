import { CorbadoError } from '@corbado-connect/core'
import { maxBodyBytes, parseJsonBody } from '@corbado-connect/core/internal'
import type { Request } from 'express'

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

/** Not by body-parser: of a body that is too large, or has no end, it waits for the end before it says so. */
function readBytes(req: Request): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (!req.readable) {
      resolve(Buffer.alloc(0))
      return
    }
    const chunks: Buffer[] = []
    let size = 0
    const stop = (): void => {
      req.off('data', onData).off('end', onEnd).off('close', onFailure).off('error', onFailure)
    }
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk)
      size += chunk.length
      if (size <= maxBodyBytes) return
      stop()
      reject(new CorbadoError('PAYLOAD_TOO_LARGE', { reason: 'body_size' }))
    }
    const onEnd = (): void => {
      stop()
      resolve(Buffer.concat(chunks))
    }
    const onFailure = (): void => {
      stop()
      reject(new CorbadoError('INVALID_REQUEST', { reason: 'body_aborted' }))
    }
    req.on('data', onData).on('end', onEnd).on('close', onFailure).on('error', onFailure)
  })
}
