import type { Clock } from './clock.js'

/** A passkey that a browser has created with the emulator. */
export interface StoredPasskey {
  /** Corbado's own ID, `cre-…`. */
  readonly id: string
  /** WebAuthn's ID, base64url. */
  readonly credentialID: string
  /** Whose it is: the WebAuthn identifier of the connect token it was made with. */
  readonly identifier: string
  readonly publicKey: Uint8Array
  readonly transports: string[]
  readonly aaguid: string
  readonly backupEligible: boolean
  readonly platformAuthenticator: boolean
  readonly browser: string
  readonly os: string
  /** Milliseconds since 1970. */
  readonly createdMs: number
  counter: number
  backedUp: boolean
  /** Milliseconds since 1970. */
  lastUsedMs: number
}

export class Passkeys {
  readonly #byCredentialID = new Map<string, StoredPasskey>()
  readonly #clock: Clock
  readonly #changed: () => void

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  add(passkey: Omit<StoredPasskey, 'createdMs' | 'lastUsedMs'>): StoredPasskey {
    const now = this.#clock.now()
    const stored = { ...passkey, createdMs: now, lastUsedMs: now }
    this.#byCredentialID.set(stored.credentialID, stored)
    this.#changed()
    return stored
  }

  find(credentialID: string): StoredPasskey | undefined {
    return this.#byCredentialID.get(credentialID)
  }

  of(identifier: string): StoredPasskey[] {
    return this.all().filter((passkey) => passkey.identifier === identifier)
  }

  all(): StoredPasskey[] {
    return [...this.#byCredentialID.values()]
  }

  used(passkey: StoredPasskey, counter: number, backedUp: boolean): void {
    passkey.counter = counter
    passkey.backedUp = backedUp
    passkey.lastUsedMs = this.#clock.now()
    this.#changed()
  }

  delete(passkey: StoredPasskey): void {
    this.#byCredentialID.delete(passkey.credentialID)
    this.#changed()
  }

  deleteOf(identifier: string): void {
    for (const passkey of this.of(identifier)) this.delete(passkey)
  }

  clear(): void {
    this.#byCredentialID.clear()
    this.#changed()
  }
}
