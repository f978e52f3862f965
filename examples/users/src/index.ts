import { hkdfSync } from 'node:crypto'
import { verify } from '@node-rs/argon2'

/** A user of the example apps. */
export interface User {
  /** The WebAuthn identifier: stable, and nothing that a person would change. */
  readonly identifier: string
  readonly displayName: string
  readonly email: string
  /** Argon2id, as the OWASP cheat sheet configures it: 19 MiB, 2 passes. */
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

/** Hash of a password that nobody has: an unknown address then takes as long as a known one. */
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
 * The WebAuthn identifier for an e-mail address: what Corbado knows a person by, and what a passkey login starts with.
 * An address without an account gets one too, always the same, so that the answer tells nobody who has an account.
 */
export function identifierFor(email: string, secret: string): string {
  const user = users.find((candidate) => candidate.email === email)
  const bytes = Buffer.from(hkdfSync('sha256', secret, email, 'identifier of nobody', 16))
  const variant = '89ab'.charAt(bytes.readUInt8(8) % 4)
  const hex = bytes.toString('hex')
  const nobody = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20),
  ]
  return user?.identifier ?? nobody.join('-')
}

/** What may be shown of a user. */
export function profileOf({ identifier, displayName, email }: User): Omit<User, 'passwordHash'> {
  return { identifier, displayName, email }
}
