import { createHmac } from 'node:crypto'

/**
 * An identifier for an address without an account. It is a UUID v4 and always the same, so nobody can tell it from a real
 * one.
 *
 * @param secret never rotated: a new secret changes decoys but not real identifiers
 */
export function decoyFor(email: string, secret: string): string {
  const decoy = createHmac('sha256', secret).update(`decoy:${email}`).digest().subarray(0, 16)
  decoy.writeUInt8((decoy.readUInt8(6) & 0x0f) | 0x40, 6)
  decoy.writeUInt8((decoy.readUInt8(8) & 0x3f) | 0x80, 8)
  return decoy.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
