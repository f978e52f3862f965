import { createHmac } from 'node:crypto'
import { verify } from '@node-rs/argon2'

/** A user of the example apps. */
export interface User {
  /** The WebAuthn identifier: it never changes. */
  readonly identifier: string
  readonly displayName: string
  readonly email: string
  /** Argon2id with the parameters of the OWASP cheat sheet: 19 MiB, 2 passes. */
  readonly passwordHash: string
}

const users: readonly User[] = [
  {
    identifier: '0c7ad6a8-9e2b-4f0e-8d4c-5a1f6a3f7c21',
    displayName: 'Jane Doe',
    email: 'jane@example.com',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$n3l+AwKSPPAIk0aX3ZcWdA$PbiTI0gIeGyJQz/95qMl1VQ6WPCGw0+fas5X7T/+NVM',
  },
  {
    identifier: '5d1f0b92-3f1c-4a57-9a55-2b8e6f9d0c47',
    displayName: 'Ali Baba',
    email: 'ali@example.com',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$cS5r/B+LxvzUkis4mE/lPg$e+wEZxYlqh2Zzv2cS+wdhglMPRgC8U547DE40L0Uqcw',
  },
]

/** The hash of a password that nobody has, so that an unknown address takes as long as a known one. */
const nobodysHash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** The user with this WebAuthn identifier. */
export function findUser(identifier: string): User | null {
  return users.find((user) => user.identifier === identifier) ?? null
}

/** The user with this e-mail address and password, or null. */
export async function checkPassword(email: string, password: string): Promise<User | null> {
  const user = users.find((candidate) => candidate.email === email)
  const matches = await verify(user?.passwordHash ?? nobodysHash, password)
  return user !== undefined && matches ? user : null
}

/**
 * The WebAuthn identifier for an e-mail address, which a passkey login starts with. An address without an account gets a
 * decoy: a UUID v4 that is always the same, so that the answer does not reveal who has an account.
 *
 * @param decoySecret used for decoys only and never rotated: a new secret changes decoys but not real identifiers
 */
export function identifierFor(email: string, decoySecret: string): string {
  const decoy = createHmac('sha256', decoySecret).update(`decoy:${email}`).digest().subarray(0, 16)
  decoy.writeUInt8((decoy.readUInt8(6) & 0x0f) | 0x40, 6)
  decoy.writeUInt8((decoy.readUInt8(8) & 0x3f) | 0x80, 8)
  const user = users.find((candidate) => candidate.email === email)
  return user?.identifier ?? decoy.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** What other people may see of a user. */
export function profileOf({ identifier, displayName, email }: User): Omit<User, 'passwordHash'> {
  return { identifier, displayName, email }
}
