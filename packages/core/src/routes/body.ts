import { CorbadoError } from '../errors.js'
import type { Http } from '../http.js'

/** The largest body that our routes read, in bytes. */
export const maxBodyBytes = 16 * 1024

/**
 * Looks at the headers of a body before it is read: JSON in UTF-8 without a content encoding, of a size that we read, and
 * nothing else. A form of another site cannot send that without asking first.
 *
 * @throws CorbadoError `CORBADO_UNSUPPORTED_MEDIA_TYPE`, `CORBADO_PAYLOAD_TOO_LARGE`
 */
export function assertJsonBody(http: Pick<Http, 'header'>): void {
  const contentType = http.header('content-type') ?? ''
  if (!/^application\/json[ \t]*(;[ \t]*charset=("utf-8"|utf-8)[ \t]*)?$/i.test(contentType)) {
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

/**
 * Parses the bytes of a body. No message of the parser is passed on: it would quote the body.
 *
 * @throws CorbadoError `CORBADO_INVALID_REQUEST`
 */
export function parseJsonBody(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
  } catch {
    throw new CorbadoError('INVALID_REQUEST', { reason: 'json' })
  }
}

/**
 * Turns what a framework's body reader throws into our codes.
 *
 * @returns an error that holds nothing of the body
 */
export function bodyError(error: unknown): CorbadoError {
  const statusCode = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : undefined
  if (statusCode === 413) return new CorbadoError('PAYLOAD_TOO_LARGE', { reason: 'body_size' })
  if (statusCode === 415) return new CorbadoError('UNSUPPORTED_MEDIA_TYPE', { reason: 'body' })
  return new CorbadoError('INVALID_REQUEST', { reason: 'body' })
}
