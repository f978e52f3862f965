import type { CorbadoClient } from './corbado/client.js'
import type { Credential } from './corbado/credentials.js'
import { findCorbadoUserId } from './corbado-user.js'
import { identifierOf } from './identifier.js'
import type { ConnectUser } from './session/strategy.js'

/** Items per page when all passkeys of a user are read. Icons make a credential large. */
const pageSize = 25

/** A passkey of a user. */
export interface Passkey {
  /** `cre-…`; the claim `credential` of a login with this passkey. */
  readonly id: string
  /** When the passkey was created, in Unix seconds, or null if Corbado does not say. */
  readonly createdAt: number | null
  /** When the passkey was last used, in Unix seconds, or null if it never was. */
  readonly lastUsedAt: number | null
  /** The operating system on which the passkey was created. */
  readonly os: string | null
  /** The browser in which the passkey was created. */
  readonly browser: string | null
  /** The password manager or device that holds the passkey. */
  readonly authenticator: { readonly aaguid: string | null; readonly name: string | null }
  /** Whether the passkey is synced to other devices. */
  readonly synced: boolean
  /** `pending` until the passkey was confirmed, then `active`. */
  readonly status: string
}

/** Ends sessions of a user before their time: all of them, or those that began with one passkey. */
export type EndSessions = (request: {
  readonly user: ConnectUser
  readonly passkeyId?: string | undefined
}) => Promise<unknown>

/** A passkey or a user was deleted at Corbado. */
export interface PasskeyChange {
  readonly type: 'passkey.revoked' | 'user.forgotten'
  readonly identifier: string
  /** `usr-…` */
  readonly corbadoUserId: string
  /** `cre-…`, of a passkey that was revoked. */
  readonly credentialId?: string
}

/** @param startedAt when the call began, in the milliseconds of `performance.now()` */
export type OnPasskeyChange = (change: PasskeyChange, startedAt: number) => void

/** The user that a call is about. */
interface Target {
  readonly user: ConnectUser
  readonly userId: string
  readonly startedAt: number
}

/**
 * The passkeys of your users at Corbado. Which user is meant is exact: `user.corbadoUserId` if you stored the claim `sub` of a
 * login, otherwise the user whose identifier is exactly `user.identifier`.
 *
 * Do not offer these calls as a public route: they tell who has an account.
 */
export class UserPasskeys {
  readonly #client: CorbadoClient
  readonly #endSessions: EndSessions | undefined
  readonly #onPasskeyChange: OnPasskeyChange | undefined

  /** @internal */
  constructor({
    client,
    endSessions,
    onPasskeyChange,
  }: {
    readonly client: CorbadoClient
    readonly endSessions?: EndSessions | undefined
    readonly onPasskeyChange?: OnPasskeyChange | undefined
  }) {
    this.#client = client
    this.#endSessions = endSessions
    this.#onPasskeyChange = onPasskeyChange
  }

  /**
   * Every passkey of a user; none if Corbado does not know the user.
   *
   * @throws CorbadoError `CORBADO_UPSTREAM_*`, `CORBADO_OVERLOADED`, `CORBADO_HOOK_FAILED` (the user has no usable
   *   `identifier`)
   */
  async list(user: ConnectUser): Promise<Passkey[]> {
    const userId = await this.#userIdOf(user, 'passkeys.list was given')
    const passkeys: Passkey[] = []
    if (userId === null) return passkeys
    for await (const credential of this.#client.credentials.iterate(userId, { pageSize })) {
      passkeys.push(passkeyOf(credential))
    }
    return passkeys
  }

  /** Whether a user has an active passkey. @throws CorbadoError the codes of {@link UserPasskeys.list} */
  async exists(user: ConnectUser): Promise<boolean> {
    const userId = await this.#userIdOf(user, 'passkeys.exists was given')
    if (userId === null) return false
    const query = { filter: ['status:eq:active'], pageSize: 1 } as const
    for await (const { status } of this.#client.credentials.iterate(userId, query)) {
      if (status === 'active') return true
    }
    return false
  }

  /**
   * Deletes a passkey of this user and ends the sessions that began with it, if the session strategy can. Resolves to false,
   * and changes nothing, if the user has no such passkey. You can repeat the call.
   *
   * The passkey stays on the person's device, but no longer signs in.
   *
   * @param passkeyId `cre-…`
   * @throws CorbadoError the codes of {@link UserPasskeys.list}, `CORBADO_STORE_UNAVAILABLE`
   */
  async revoke(user: ConnectUser, passkeyId: string): Promise<boolean> {
    const startedAt = performance.now()
    const userId = await this.#userIdOf(user, 'passkeys.revoke was given')
    if (userId === null || !(await this.#has(userId, passkeyId))) return false
    await this.#delete({ user, userId, startedAt }, passkeyId)
    return true
  }

  /**
   * Deletes all passkeys of a user and ends the sessions that began with them, if the session strategy can. You can repeat
   * the call.
   *
   * @returns how many passkeys were deleted
   * @throws CorbadoError the codes of {@link UserPasskeys.revoke}
   */
  async revokeAll(user: ConnectUser): Promise<number> {
    const startedAt = performance.now()
    const userId = await this.#userIdOf(user, 'passkeys.revokeAll was given')
    return userId === null ? 0 : this.#deleteAll({ user, userId, startedAt })
  }

  /**
   * Deletes the user at Corbado with all passkeys, for example because the account was deleted, and ends all sessions of the
   * user, if the session strategy can. You can repeat the call.
   *
   * @returns whether Corbado knew the user
   * @throws CorbadoError the codes of {@link UserPasskeys.revoke}
   */
  async forgetUser(user: ConnectUser): Promise<{ found: boolean }> {
    const startedAt = performance.now()
    const userId = await this.#userIdOf(user, 'forgetUser was given')
    if (userId !== null) {
      // Whether Corbado deletes the passkeys of a deleted user is not documented.
      await this.#deleteAll({ user, userId, startedAt })
      await this.#client.users.delete(userId)
    }
    // Last, so that no login slips in between, and always, so that a repeated call finishes what failed.
    await this.#endSessions?.({ user })
    if (userId !== null) {
      this.#onPasskeyChange?.({ type: 'user.forgotten', identifier: user.identifier, corbadoUserId: userId }, startedAt)
    }
    return { found: userId !== null }
  }

  async #deleteAll(target: Target): Promise<number> {
    const { userId } = target
    // Read completely before the first deletion, which would move the pages.
    const ids: string[] = []
    for await (const { id } of this.#client.credentials.iterate(userId, { pageSize })) ids.push(id)
    for (const id of ids) await this.#delete(target, id)
    return ids.length
  }

  /** Sessions first: if the deletion fails, the call can be repeated and finds the passkey again. */
  async #delete({ user, userId, startedAt }: Target, passkeyId: string): Promise<void> {
    await this.#endSessions?.({ user, passkeyId })
    const isDeleted = await this.#client.credentials.delete(userId, passkeyId)
    if (!isDeleted) return
    const { identifier } = user
    this.#onPasskeyChange?.(
      { type: 'passkey.revoked', identifier, corbadoUserId: userId, credentialId: passkeyId },
      startedAt,
    )
  }

  async #has(userId: string, passkeyId: string): Promise<boolean> {
    for await (const { id } of this.#client.credentials.iterate(userId, { pageSize })) {
      if (id === passkeyId) return true
    }
    return false
  }

  async #userIdOf(user: ConnectUser, origin: string): Promise<string | null> {
    identifierOf(user, origin)
    return findCorbadoUserId(this.#client, user)
  }
}

function passkeyOf(credential: Credential): Passkey {
  const { id, status, sourceOS, sourceBrowser, authenticatorAAGUID, aaguidDetails, backupState } = credential
  return {
    id,
    createdAt: secondsOf(credential.createdMs),
    lastUsedAt: secondsOf(credential.lastUsedMs),
    os: sourceOS || null,
    browser: sourceBrowser || null,
    authenticator: { aaguid: authenticatorAAGUID || null, name: aaguidDetails?.name || null },
    synced: backupState ?? false,
    status,
  }
}

function secondsOf(milliseconds: number | undefined): number | null {
  return milliseconds === undefined || milliseconds <= 0 ? null : Math.floor(milliseconds / 1000)
}
