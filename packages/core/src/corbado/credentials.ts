import {
  type Checks,
  hasItems,
  isOptionalBoolean,
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

/** A passkey of a user, as Corbado stores it. */
export interface Credential {
  /** `cre-…`; the claim `credential` of a passkey login. */
  readonly id: string
  /** The WebAuthn credential ID, in base64url. */
  readonly credentialID?: string
  /** `pending` or `active`. */
  readonly status: string
  /** Whether the passkey can be synced to other devices. */
  readonly backupEligible?: boolean
  /** Whether the passkey is synced to other devices. */
  readonly backupState?: boolean
  /** The model of the authenticator. */
  readonly authenticatorAAGUID?: string
  /** What is known about the authenticator: its `name` and icons. */
  readonly aaguidDetails?: { readonly name?: string; readonly iconLight?: string; readonly iconDark?: string }
  /** The operating system on which the passkey was created. */
  readonly sourceOS?: string
  /** The browser in which the passkey was created. */
  readonly sourceBrowser?: string
  /** When the passkey was created, in Unix milliseconds. */
  readonly createdMs?: number
  /** When the passkey was last used, in Unix milliseconds. */
  readonly lastUsedMs?: number
}

/** A page of credentials. */
export interface CredentialList {
  readonly credentials: readonly Credential[]
  readonly paging: Paging
}

type Field = 'userID' | 'created' | 'status' | 'backupState' | 'browserName' | 'osName'

/** Which credentials of a user to list. */
export type ListCredentials = ListQuery<Field>

const detailChecks: Checks<NonNullable<Credential['aaguidDetails']>> = {
  name: isOptionalString,
  iconLight: isOptionalString,
  iconDark: isOptionalString,
}
const credentialChecks: Checks<Credential> = {
  id: (value) => isShortString(value, 128),
  credentialID: isOptionalString,
  status: (value) => isShortString(value, 64),
  backupEligible: isOptionalBoolean,
  backupState: isOptionalBoolean,
  authenticatorAAGUID: isOptionalString,
  aaguidDetails: (value) => value === undefined || matchesChecks(detailChecks, value),
  sourceOS: isOptionalString,
  sourceBrowser: isOptionalString,
  createdMs: isOptionalNumber,
  lastUsedMs: isOptionalNumber,
}
const credentialListChecks: Checks<CredentialList> = {
  credentials: (value) => hasItems(value, credentialChecks),
  paging: isPaging,
}
const isCredentialList = (body: unknown): body is CredentialList => matchesChecks(credentialListChecks, body)

/**
 * The passkeys of users at Corbado. All calls throw the codes of {@link Users}.
 *
 * @see https://docs.corbado.com/api-reference/backend-api/users
 */
export class Credentials {
  readonly #calls: RepeatableCalls

  /** @internal */
  constructor(calls: RepeatableCalls) {
    this.#calls = calls
  }

  /**
   * Reads one page of a user's passkeys, or null if Corbado does not know the user. Needs the permission
   * `credentials:read`.
   *
   * @param userId `usr-…`
   */
  async list(
    userId: string,
    query: ListCredentials = {},
    { signal }: CallOptions = {},
  ): Promise<CredentialList | null> {
    const path = listPath(pathOf`/v2/users/${userId}/credentials`, query)
    const call = { isAnswer: isCredentialList, maxResponseBytes: maxListBytes, notFoundIsRejection: true, signal }
    return unlessNotFound(this.#calls.send({ operation: 'credentials.list', method: 'GET', path, ...call }), null)
  }

  /** Reads all passkeys of a user, page by page; none if Corbado does not know the user. @param userId `usr-…` */
  iterate(
    userId: string,
    query: Omit<ListCredentials, 'page'> = {},
    options: CallOptions = {},
  ): AsyncGenerator<Credential, void, undefined> {
    const readPage = async (page: number) => {
      const list = await this.list(userId, { ...query, page }, options)
      const paging = list?.paging ?? { page, totalPages: 0, totalItems: 0 }
      return { items: list?.credentials ?? [], paging }
    }
    return everyItem(readPage, ({ id }) => id)
  }

  /** Deletes a passkey. Resolves to false if this user has no such passkey. @param id `cre-…` */
  async delete(userId: string, id: string, { signal }: CallOptions = {}): Promise<boolean> {
    const path = pathOf`/v2/users/${userId}/credentials/${id}`
    return deleteIfFound(this.#calls, { operation: 'credentials.delete', path, signal })
  }
}
