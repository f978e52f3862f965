import {
  type Checks,
  hasItems,
  isOptionalNumber,
  isOptionalString,
  isPaging,
  isShortString,
  matchesChecks,
  type Paging,
} from './checks.js'
import type { CallOptions } from './connect-tokens.js'
import { everyItem, type ListQuery, listPath, maxListBytes } from './list.js'
import { deleteIfFound, unlessNotFound } from './not-found.js'
import { pathOf } from './object-id.js'
import type { RepeatableCalls } from './repeatable-call.js'

/** A user at Corbado. */
export interface CorbadoUser {
  /** `usr-…`; the claim `sub` of a passkey login. */
  readonly userID: string
  /** `pending`, `active` or `disabled`. */
  readonly status: string
  readonly fullName?: string
  /** The WebAuthn identifier that was set for this user, the claim `webauthnId` of a passkey login. */
  readonly explicitWebauthnID?: string
  /** When the user was created, in Unix milliseconds. */
  readonly createdMs?: number
  /** When the user was last changed, in Unix milliseconds. */
  readonly updatedMs?: number
}

/** A page of users. */
export interface CorbadoUserList {
  readonly users: readonly CorbadoUser[]
  readonly paging: Paging
}

type FilterField = 'id' | 'searchValue' | 'name' | 'fullName' | 'created' | 'updated' | 'status'

/** Which users to list. Corbado's newer API needs exactly one of `userId`, `webauthnId` and `identifier`. */
export interface ListUsers extends ListQuery<FilterField> {
  /** `usr-…` */
  readonly userId?: string | undefined
  /** The user's WebAuthn identifier. */
  readonly webauthnId?: string | undefined
  /** An identifier of the user, such as an e-mail address. */
  readonly identifier?: { readonly type: 'email' | 'phone' | 'username'; readonly value: string } | undefined
}

/** A user to create. */
export interface CreateUser {
  readonly status: 'pending' | 'active' | 'disabled'
  readonly fullName?: string | undefined
  /** The user's WebAuthn identifier. */
  readonly explicitWebauthnID?: string | undefined
}

const userChecks: Checks<CorbadoUser> = {
  userID: (value) => isShortString(value, 128),
  status: (value) => isShortString(value, 64),
  fullName: isOptionalString,
  explicitWebauthnID: isOptionalString,
  createdMs: isOptionalNumber,
  updatedMs: isOptionalNumber,
}
const userListChecks: Checks<CorbadoUserList> = {
  users: (value) => hasItems(value, userChecks),
  paging: isPaging,
}
const isUser = (body: unknown): body is CorbadoUser => matchesChecks(userChecks, body)
const isUserList = (body: unknown): body is CorbadoUserList => matchesChecks(userListChecks, body)

/**
 * The users of the project at Corbado. All calls throw `CorbadoError` with `CORBADO_UPSTREAM_REJECTED`,
 * `CORBADO_UPSTREAM_INVALID_RESPONSE`, `CORBADO_UPSTREAM_UNAVAILABLE`, `CORBADO_UPSTREAM_BUSY`, `CORBADO_OVERLOADED` or
 * `CORBADO_UPSTREAM_TIMEOUT`.
 *
 * @see https://docs.corbado.com/api-reference/backend-api/users
 */
export class Users {
  readonly #calls: RepeatableCalls

  /** @internal */
  constructor(calls: RepeatableCalls) {
    this.#calls = calls
  }

  /** Reads one page of users. Needs the permission `users:read`. */
  async list(query: ListUsers, { signal }: CallOptions = {}): Promise<CorbadoUserList> {
    const { userId, webauthnId, identifier, ...page } = query
    const path = listPath('/v2/users', page, {
      userID: userId,
      webauthnIDs: webauthnId,
      identifierType: identifier?.type,
      identifierValue: identifier?.value,
    })
    return this.#calls.send({
      operation: 'users.list',
      method: 'GET',
      path,
      isAnswer: isUserList,
      maxResponseBytes: maxListBytes,
      signal,
    })
  }

  /** Reads all users, page by page. */
  iterate(query: Omit<ListUsers, 'page'>, options: CallOptions = {}): AsyncGenerator<CorbadoUser, void, undefined> {
    const readPage = async (page: number) => {
      const { users, paging } = await this.list({ ...query, page }, options)
      return { items: users, paging }
    }
    return everyItem(readPage, ({ userID }) => userID)
  }

  /** Reads one user, or null if there is none. @param userId `usr-…` */
  async get(userId: string, { signal }: CallOptions = {}): Promise<CorbadoUser | null> {
    const path = pathOf`/v2/users/${userId}`
    return unlessNotFound(
      this.#calls.send({
        operation: 'users.get',
        method: 'GET',
        path,
        isAnswer: isUser,
        notFoundIsRejection: true,
        signal,
      }),
      null,
    )
  }

  /**
   * Creates a user. Once it was sent the call is never repeated, so an error may leave a user behind; `retryable` says
   * whether it is safe to repeat it. Needs the permission `users:write`.
   */
  async create(user: CreateUser, { signal }: CallOptions = {}): Promise<CorbadoUser> {
    const body = JSON.stringify(user)
    return this.#calls.send({
      operation: 'users.create',
      method: 'POST',
      path: '/v2/users',
      body,
      isAnswer: isUser,
      sendOnce: true,
      signal,
    })
  }

  /** Deletes a user. Resolves to false if there is none. Needs the permission `users:write`. @param userId `usr-…` */
  async delete(userId: string, { signal }: CallOptions = {}): Promise<boolean> {
    const path = pathOf`/v2/users/${userId}`
    return deleteIfFound(this.#calls, { operation: 'users.delete', path, signal })
  }
}
