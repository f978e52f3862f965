import type { Clock } from './clock.js'
import { dropOldest } from './drop-oldest.js'
import { newId } from './ids.js'

const capacity = 100_000

export const userStatuses = ['pending', 'active', 'disabled'] as const
export type UserStatus = (typeof userStatuses)[number]

export const identifierTypes = ['email', 'phone', 'username'] as const
export type IdentifierType = (typeof identifierTypes)[number]

export const identifierStatuses = ['pending', 'primary', 'verified'] as const
export type IdentifierStatus = (typeof identifierStatuses)[number]

/** A login identifier, such as an e-mail address. */
export interface Identifier {
  /** `ide-…` */
  readonly id: string
  readonly type: IdentifierType
  readonly value: string
  status: IdentifierStatus
}

export interface User {
  /** `usr-…` */
  readonly id: string
  readonly status: UserStatus
  /** The latest name that a connect token gave, or the `fullName` of the Backend API. */
  readonly displayName: string | undefined
  /** The WebAuthn identifier: what a connect token names as `identifier`. */
  readonly webauthnId: string | undefined
  readonly identifiers: Identifier[]
  /** Milliseconds since 1970. */
  readonly createdMs: number
  /** Milliseconds since 1970. */
  readonly updatedMs: number
}

/** The users of the project: one for each WebAuthn identifier that was ever named, and those the Backend API created. */
export class Users {
  readonly #byId = new Map<string, User>()
  readonly #idByWebauthnId = new Map<string, string>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Remembers the user of a WebAuthn identifier, with the latest display name that a connect token gave. */
  see(webauthnId: string, displayName?: string, userID?: string): User {
    const known = this.byWebauthnId(webauthnId)
    const now = this.#clock.now()
    const name = displayName ?? known?.displayName
    const id = userID ?? known?.id ?? newId('usr')
    const isChanged = name !== known?.displayName || id !== known?.id
    // To the end of the map: who is used again is dropped last.
    if (known !== undefined) this.#byId.delete(known.id)
    return this.#keep({
      id,
      status: known?.status ?? 'active',
      displayName: name,
      webauthnId,
      identifiers: known?.identifiers ?? [],
      createdMs: known?.createdMs ?? now,
      updatedMs: known === undefined || isChanged ? now : known.updatedMs,
    })
  }

  create(user: Pick<User, 'status' | 'displayName' | 'webauthnId'>): User {
    const now = this.#clock.now()
    return this.#keep({ ...user, id: newId('usr'), identifiers: [], createdMs: now, updatedMs: now })
  }

  idOf(webauthnId: string): string {
    return this.see(webauthnId).id
  }

  nameOf(webauthnId: string): string | undefined {
    return this.byWebauthnId(webauthnId)?.displayName
  }

  byId(id: string): User | undefined {
    return this.#byId.get(id)
  }

  byWebauthnId(webauthnId: string): User | undefined {
    return this.#byId.get(this.#idByWebauthnId.get(webauthnId) ?? '')
  }

  all(): User[] {
    return [...this.#byId.values()]
  }

  delete(user: User): void {
    this.#byId.delete(user.id)
    this.#forgetWebauthnId(user)
  }

  clear(): void {
    this.#byId.clear()
    this.#idByWebauthnId.clear()
  }

  #keep(user: User): User {
    this.#byId.set(user.id, user)
    if (user.webauthnId !== undefined) this.#idByWebauthnId.set(user.webauthnId, user.id)
    dropOldest(this.#byId, capacity, (dropped) => this.#forgetWebauthnId(dropped))
    return user
  }

  #forgetWebauthnId({ webauthnId }: User): void {
    if (webauthnId !== undefined) this.#idByWebauthnId.delete(webauthnId)
  }
}

/** The kind of an identifier, by its looks. */
export function identifierTypeOf(value: string): IdentifierType {
  if (/^\+[0-9]+$/.test(value)) return 'phone'
  return value.includes('@') ? 'email' : 'username'
}
