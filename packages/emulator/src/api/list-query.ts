import { validationError } from '../wire/error-envelope.js'

type Value = string | number | boolean

/** The fields that a list is sorted and filtered by. A field with several values meets a filter if one of them does. */
export type ListFields<Item> = Readonly<Record<string, (item: Item) => Value | readonly Value[]>>

const defaultPageSize = 10
const listParameters = ['sort', 'filter[]', 'page', 'pageSize']

export interface Paging {
  page: number
  totalPages: number
  totalItems: number
}

/**
 * `?sort=expires:desc&filter[]=status:eq:initial&page=1&pageSize=10`, applied to all items. The newer notation of a sort,
 * `-expires`, is understood too.
 */
export function selectPage<Item>(
  items: readonly Item[],
  query: URLSearchParams,
  fields: ListFields<Item>,
  otherParameters: readonly string[] = [],
): { page: Item[]; paging: Paging } {
  for (const name of query.keys()) {
    if (![...listParameters, ...otherParameters].includes(name)) refuse(name, 'is not a known parameter')
  }
  const filters = query.getAll('filter[]').map((text) => readFilter(text, fields))
  const compare = readSort(query.get('sort'), fields)
  const page = readCount(query, 'page', 1)
  const pageSize = readCount(query, 'pageSize', defaultPageSize)

  const found = items.filter((item) => filters.every((accepts) => accepts(item)))
  if (compare !== undefined) found.sort(compare)
  return {
    page: found.slice((page - 1) * pageSize, page * pageSize),
    paging: { page, totalPages: Math.ceil(found.length / pageSize), totalItems: found.length },
  }
}

function readFilter<Item>(text: string, fields: ListFields<Item>): (item: Item) => boolean {
  const [field = '', operator = '', ...rest] = text.split(':')
  const read = readField('filter[]', field, fields)
  const wanted = rest.join(':')
  const accepts = acceptor(operator, wanted)
  if (rest.length > 0 && accepts !== undefined) return (item) => valuesOf(read(item)).some(accepts)
  return refuse('filter[]', 'must look like field:operator:value, with the operator eq, gt or lt')
}

function acceptor(operator: string, wanted: string): ((value: Value) => boolean) | undefined {
  if (operator === 'eq') return (value) => String(value) === wanted
  if (operator === 'gt') return (value) => order(value, wanted) > 0
  if (operator === 'lt') return (value) => order(value, wanted) < 0
  return undefined
}

function readSort<Item>(text: string | null, fields: ListFields<Item>): ((a: Item, b: Item) => number) | undefined {
  if (text === null) return undefined
  const isReversed = text.startsWith('-')
  const [field = '', direction = isReversed ? 'desc' : 'asc', ...rest] = text.slice(isReversed ? 1 : 0).split(':')
  const read = readField('sort', field, fields)
  const isKnown = isReversed ? !text.includes(':') : direction === 'asc' || direction === 'desc'
  if (rest.length > 0 || !isKnown) {
    return refuse('sort', 'must look like field:asc, field:desc, field or -field')
  }
  const sign = direction === 'asc' ? 1 : -1
  const first = (item: Item): Value => valuesOf(read(item))[0] ?? ''
  return (a, b) => sign * order(first(a), first(b))
}

function readField<Item>(parameter: string, field: string, fields: ListFields<Item>): ListFields<Item>[string] {
  const read = Object.hasOwn(fields, field) ? fields[field] : undefined
  return read ?? refuse(parameter, `knows the fields ${Object.keys(fields).join(', ')}`)
}

const valuesOf = (value: Value | readonly Value[]): readonly Value[] => (typeof value === 'object' ? value : [value])

/** Numbers as numbers, everything else as text. */
function order(a: Value, b: Value): number {
  if (typeof a === 'number') return a - Number(b)
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0
}

function readCount(query: URLSearchParams, name: string, byDefault: number): number {
  const text = query.get(name)
  if (text === null) return byDefault
  if (!/^[1-9][0-9]{0,5}$/.test(text)) return refuse(name, 'must be a positive integer')
  return Number(text)
}

function refuse(field: string, message: string): never {
  throw validationError([{ field, message }])
}
