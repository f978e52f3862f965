import { type Checks, hasItems, isPaging, isShortString, matchesChecks, type Paging } from './checks.js'
import type { CallOptions } from './connect-tokens.js'
import { everyItem, type ListQuery, listPath, maxListBytes } from './list.js'
import { deleteIfFound, unlessNotFound } from './not-found.js'
import { pathOf } from './object-id.js'
import type { RepeatableCalls } from './repeatable-call.js'

/** The kinds of identifiers at Corbado. */
export type IdentifierType = 'email' | 'phone' | 'username'

/** Whether an identifier was verified, and whether it is the first of its kind. */
export type IdentifierStatus = 'pending' | 'primary' | 'verified'

/** An identifier of a user, such as an e-mail address. */
export interface Identifier {
  /** `ide-…` */
  readonly identifierID: string
  /** An {@link IdentifierType}, or one that this version does not know. */
  readonly type: string
  readonly value: string
  /** An {@link IdentifierStatus}, or one that this version does not know. */
  readonly status: string
  /** `usr-…` */
  readonly userID: string
}

/** A page of identifiers. */
export interface IdentifierList {
  readonly identifiers: readonly Identifier[]
  readonly paging: Paging
}

/** Which identifiers to list. */
export type ListIdentifiers = ListQuery<'userID' | 'identifierType' | 'identifierValue'>

/** An identifier to create. */
export interface CreateIdentifier {
  readonly identifierType: IdentifierType
  readonly identifierValue: string
  readonly status: IdentifierStatus
}

const identifierChecks: Checks<Identifier> = {
  identifierID: (value) => isShortString(value, 128),
  type: (value) => isShortString(value, 64),
  value: (value) => isShortString(value),
  status: (value) => isShortString(value, 64),
  userID: (value) => isShortString(value, 128),
}
const identifierListChecks: Checks<IdentifierList> = {
  identifiers: (value) => hasItems(value, identifierChecks),
  paging: isPaging,
}
const isIdentifier = (body: unknown): body is Identifier => matchesChecks(identifierChecks, body)
const isIdentifierList = (body: unknown): body is IdentifierList => matchesChecks(identifierListChecks, body)

/**
 * The identifiers of users at Corbado. All calls throw the codes of {@link Users}.
 *
 * @see https://docs.corbado.com/api-reference/backend-api/identifiers
 */
export class Identifiers {
  readonly #calls: RepeatableCalls

  /** @internal */
  constructor(calls: RepeatableCalls) {
    this.#calls = calls
  }

  /** Reads one page of identifiers. Needs the permission `identifiers:read`. */
  async list(query: ListIdentifiers = {}, { signal }: CallOptions = {}): Promise<IdentifierList> {
    const path = listPath('/v2/identifiers', query)
    return this.#calls.send({
      operation: 'identifiers.list',
      method: 'GET',
      path,
      isAnswer: isIdentifierList,
      maxResponseBytes: maxListBytes,
      signal,
    })
  }

  /** Reads all identifiers, page by page. */
  iterate(
    query: Omit<ListIdentifiers, 'page'> = {},
    options: CallOptions = {},
  ): AsyncGenerator<Identifier, void, undefined> {
    const readPage = async (page: number) => {
      const { identifiers, paging } = await this.list({ ...query, page }, options)
      return { items: identifiers, paging }
    }
    return everyItem(readPage, ({ identifierID }) => identifierID)
  }

  /** Adds an identifier to a user. Once it was sent the call is never repeated. @param userId `usr-…` */
  async create(userId: string, identifier: CreateIdentifier, { signal }: CallOptions = {}): Promise<Identifier> {
    const path = pathOf`/v2/users/${userId}/identifiers`
    const body = JSON.stringify(identifier)
    const call = { isAnswer: isIdentifier, sendOnce: true, notFoundIsRejection: true, signal }
    return this.#calls.send({ operation: 'identifiers.create', method: 'POST', path, body, ...call })
  }

  /** Sets the status of an identifier. Resolves to null if this user has no such identifier. @param id `ide-…` */
  async update(
    userId: string,
    id: string,
    change: { readonly status: IdentifierStatus },
    { signal }: CallOptions = {},
  ): Promise<Identifier | null> {
    const path = pathOf`/v2/users/${userId}/identifiers/${id}`
    const body = JSON.stringify({ status: change.status })
    const call = { isAnswer: isIdentifier, notFoundIsRejection: true, signal }
    return unlessNotFound(
      this.#calls.send({ operation: 'identifiers.update', method: 'PATCH', path, body, ...call }),
      null,
    )
  }

  /** Deletes an identifier. Resolves to false if this user has no such identifier. @param id `ide-…` */
  async delete(userId: string, id: string, { signal }: CallOptions = {}): Promise<boolean> {
    const path = pathOf`/v2/users/${userId}/identifiers/${id}`
    return deleteIfFound(this.#calls, { operation: 'identifiers.delete', path, signal })
  }
}
