import { CorbadoError } from '../errors.js'
import type { Http } from '../http.js'
import { parseUtf8Json } from '../utf8-json.js'

/** The largest body that our routes read, in bytes. */
export const maxBodyBytes = 16 * 1024

/**
 * Checks the headers of a body before it is read: only JSON in UTF-8, without a content encoding, up to 16 KiB. A form on
 * another site cannot send that without a preflight request.
 *
 * @throws CorbadoError `CORBADO_UNSUPPORTED_MEDIA_TYPE`, `CORBADO_PAYLOAD_TOO_LARGE`
 */
export function assertJsonBody(http: Pick<Http, 'header'>): void {
  const contentType = http.header('content-type') ?? ''
  if (
    contentType !== 'application/json' &&
    !/^application\/json[ \t]*(;[ \t]*charset=("utf-8"|utf-8)[ \t]*)?$/i.test(contentType)
  ) {
    throw new CorbadoError('UNSUPPORTED_MEDIA_TYPE', { reason: 'content_type' })
  }
  const encoding = http.header('content-encoding')
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new CorbadoError('UNSUPPORTED_MEDIA_TYPE', { reason: 'content_encoding' })
  }
  if (Number(http.header('content-length') ?? 0) > maxBodyBytes) {
    throw new CorbadoError('PAYLOAD_TOO_LARGE', { reason: 'content_length' })
  }
}

/** @throws CorbadoError `CORBADO_PAYLOAD_TOO_LARGE` for a body of more than 16 KiB */
export function assertBodySize(bytes: number): void {
  if (bytes > maxBodyBytes) throw new CorbadoError('PAYLOAD_TOO_LARGE', { reason: 'body_size' })
}

/**
 * Parses a body. No message of the parser is passed on: it would quote the body.
 *
 * @param body its bytes, its text, or what the app's own parser made of it
 * @throws CorbadoError `CORBADO_INVALID_REQUEST`
 */
export function parseBody(body: unknown): unknown {
  try {
    if (body instanceof Uint8Array) return parseUtf8Json(body)
    return typeof body === 'string' ? JSON.parse(body) : body
  } catch {
    throw new CorbadoError('INVALID_REQUEST', { reason: 'json' })
  }
}

/** Turns what a framework's body reader throws into our codes. The result contains nothing of the body. */
export function bodyError(error: unknown): CorbadoError {
  const statusCode = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
  if (statusCode === 413) return new CorbadoError('PAYLOAD_TOO_LARGE', { reason: 'body_size' })
  if (statusCode === 415) return new CorbadoError('UNSUPPORTED_MEDIA_TYPE', { reason: 'body' })
  return new CorbadoError('INVALID_REQUEST', { reason: 'body' })
}
