import { verify } from '@node-rs/argon2'
import { decoyFor } from './decoy.js'

/** A user of the example apps. */
export interface User {
  /** The WebAuthn identifier: it never changes. */
  readonly identifier: string
  readonly displayName: string
  readonly email: string
  readonly role: 'customer' | 'support'
  /** Argon2id with the parameters of the OWASP cheat sheet: 19 MiB, 2 passes. */
  readonly passwordHash: string
}

const demoUsers: readonly User[] = [
  {
    identifier: '0c7ad6a8-9e2b-4f0e-8d4c-5a1f6a3f7c21',
    displayName: 'Jane Doe',
    email: 'jane@example.com',
    role: 'customer',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$n3l+AwKSPPAIk0aX3ZcWdA$PbiTI0gIeGyJQz/95qMl1VQ6WPCGw0+fas5X7T/+NVM',
  },
  {
    identifier: '5d1f0b92-3f1c-4a57-9a55-2b8e6f9d0c47',
    displayName: 'Ali Baba',
    email: 'ali@example.com',
    role: 'customer',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$cS5r/B+LxvzUkis4mE/lPg$e+wEZxYlqh2Zzv2cS+wdhglMPRgC8U547DE40L0Uqcw',
  },
  {
    identifier: '8f3b2c6e-71d4-4b8a-9c05-e2a4d6b81f39',
    displayName: 'Sam Porter',
    email: 'sam@example.com',
    role: 'support',
    passwordHash: '$argon2id$v=19$m=19456,t=2,p=1$+rGw7KPOBWWpTdJVSN8E8w$CLWsQ/SrhsO+JZCvfHrkMfJYP6OMoplJMyCK3whXGPQ',
  },
]

/** The hash of a password that nobody has, so that an unknown address takes as long as a known one. */
const nobodysHash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/** The user table of an example app. It starts with the demo accounts and forgets every change when the app ends. */
export class Users {
  readonly #byIdentifier = new Map(demoUsers.map((user) => [user.identifier, user]))

  /** The user with this WebAuthn identifier. */
  find(identifier: string): User | null {
    return this.#byIdentifier.get(identifier) ?? null
  }

  findByEmail(email: string): User | null {
    return [...this.#byIdentifier.values()].find((user) => user.email === email) ?? null
  }

  /** The user with this e-mail address and password, or null. */
  async checkPassword(email: string, password: string): Promise<User | null> {
    const user = this.findByEmail(email)
    const matches = await verify(user?.passwordHash ?? nobodysHash, password)
    return matches ? user : null
  }

  delete({ identifier }: User): void {
    this.#byIdentifier.delete(identifier)
  }

  /**
   * The WebAuthn identifier for an e-mail address, which a passkey login starts with. An address without an account gets a
   * decoy, so that the answer does not reveal who has an account.
   */
  identifierFor(email: string, decoySecret: string): string {
    const decoy = decoyFor(email, decoySecret)
    return this.findByEmail(email)?.identifier ?? decoy
  }
}

/** What the page may see of the user who is signed in. */
export function profileOf({ identifier, displayName, email, role }: User): Omit<User, 'passwordHash'> {
  return { identifier, displayName, email, role }
}
