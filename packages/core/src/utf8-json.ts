import { isUtf8 } from 'node:buffer'

/**
 * Parses JSON that must be strict UTF-8, without a byte order mark.
 *
 * @throws SyntaxError without the input in its message
 */
export function parseUtf8Json(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new SyntaxError('Not valid UTF-8')
  // A byte order mark stays in the string, where JSON.parse refuses it.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
  try {
    return JSON.parse(text)
  } catch {
    // The engine quotes the input in its message.
    throw new SyntaxError('Not valid JSON')
  }
}
