/** Checks for answers of Corbado: what arrives may be anything. */

/** A check for every property of a type. */
export type Checks<Type> = { readonly [Name in keyof Required<Type>]: (value: unknown) => boolean }

/** Where a page is in its list. */
export interface Paging {
  /** The number of this page, from 1. */
  readonly page: number
  readonly totalPages: number
  readonly totalItems: number
}

const pagingChecks: Checks<Paging> = {
  page: Number.isInteger,
  totalPages: Number.isInteger,
  totalItems: Number.isInteger,
}

/** Whether `value` is an object and not an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether every property of `value` passes its check. */
export function matchesChecks<Type>(checks: Checks<Type>, value: unknown): value is Type {
  if (!isRecord(value)) return false
  for (const name in checks) {
    if (!checks[name](value[name])) return false
  }
  return true
}

/** Whether `value` is an array whose items all pass the checks. */
export function hasItems<Type>(value: unknown, checks: Checks<Type>): value is Type[] {
  return Array.isArray(value) && value.every((item) => matchesChecks(checks, item))
}

/** Whether `value` is the `paging` of a list. */
export function isPaging(value: unknown): value is Paging {
  return matchesChecks(pagingChecks, value)
}

/** Whether `value` is a string of 1 to `maxLength` characters. */
export function isShortString(value: unknown, maxLength = 1024): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= maxLength
}

/** Whether `value` is a string or missing. */
export function isOptionalString(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

/** Whether `value` is a number or missing. */
export function isOptionalNumber(value: unknown): boolean {
  return value === undefined || typeof value === 'number'
}

/** Whether `value` is a boolean or missing. */
export function isOptionalBoolean(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean'
}
