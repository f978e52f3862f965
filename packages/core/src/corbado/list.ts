import { CorbadoError } from '../errors.js'
import type { Paging } from './checks.js'

/** The longest body of a list that is read: icons of authenticators are part of a credential. */
export const maxListBytes = 1024 * 1024
/** The most pages that are read one after the other: 100,000 items of the largest page size. */
const maxPages = 1000
const maxPageSize = 100

/** A condition on one field, for example `userID:eq:usr-123`. */
export type Filter<Field extends string> = `${Field}:${'eq' | 'gt' | 'lt'}:${string}`

/** Which part of a list to read, and in which order. */
export interface ListQuery<FilterField extends string = string, SortField extends string = FilterField> {
  /** For example `created:desc`. */
  readonly sort?: `${SortField}:${'asc' | 'desc'}` | undefined
  /** Conditions that all have to be met. */
  readonly filter?: readonly Filter<FilterField>[] | undefined
  /** The number of the page, from 1. Default 1. */
  readonly page?: number | undefined
  /** Items per page, 1 to 100. Default 10. */
  readonly pageSize?: number | undefined
}

/**
 * The path of a list.
 *
 * @throws TypeError if `page` or `pageSize` is out of range
 */
export function listPath(
  path: string,
  query: ListQuery,
  fields: Readonly<Record<string, string | undefined>> = {},
): string {
  const { sort, filter = [], page, pageSize } = query
  assertRange('page', page, Number.MAX_SAFE_INTEGER)
  assertRange('pageSize', pageSize, maxPageSize)
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) search.append(name, value)
  if (sort !== undefined) search.append('sort', sort)
  for (const condition of filter) search.append('filter[]', condition)
  if (page !== undefined) search.append('page', String(page))
  if (pageSize !== undefined) search.append('pageSize', String(pageSize))
  return search.size === 0 ? path : `${path}?${search}`
}

/**
 * Reads a list page by page, from the first to the last. It ends with an error if Corbado repeats a page or never reaches
 * the last one.
 *
 * @throws CorbadoError `CORBADO_UPSTREAM_INVALID_RESPONSE`, and the codes of the call
 */
export async function* everyItem<Item>(
  readPage: (page: number) => Promise<{ readonly items: readonly Item[]; readonly paging: Paging }>,
  idOf: (item: Item) => string,
): AsyncGenerator<Item, void, undefined> {
  let firstBefore: string | undefined
  for (let page = 1; page <= maxPages; page += 1) {
    const { items, paging } = await readPage(page)
    const [first] = items
    if (first === undefined) return
    if (idOf(first) === firstBefore) throw endlessList()
    firstBefore = idOf(first)
    yield* items
    if (page >= paging.totalPages) return
  }
  throw endlessList()
}

function endlessList(): CorbadoError {
  return new CorbadoError('UPSTREAM_INVALID_RESPONSE', { reason: 'endless_list' })
}

function assertRange(name: string, value: number | undefined, to: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= to)) {
    throw new TypeError(`\`${name}\` must be a whole number from 1 to ${to}`)
  }
}
