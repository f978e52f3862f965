import { createHash } from 'node:crypto'

/**
 * How the emulator shows a secret: its first eight characters, of a short one at most a quarter, and eight hexadecimal
 * digits of its SHA-256, such as `eyJhbGci…5f2c8a01`. Two requests with the same secret show the same text, and the secret
 * cannot be had from it.
 */
export function fingerprint(secret: string): string {
  return `${secret.slice(0, Math.min(8, secret.length >> 2))}…${createHash('sha256').update(secret).digest('hex').slice(0, 8)}`
}
