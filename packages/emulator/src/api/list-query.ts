import type { ConnectToken } from '../state/connect-tokens.js'
import { validationError } from '../wire/error-envelope.js'

/** The fields that Corbado sorts and filters connect tokens by. */
const sortableFields = {
  token: (token: ConnectToken): string | number => token.id,
  tokenType: (token: ConnectToken): string | number => token.tokenType,
  status: (token: ConnectToken): string | number => token.connectTokenStatus,
  expires: (token: ConnectToken): string | number => token.expires,
} as const

const defaultPageSize = 10

export interface Paging {
  page: number
  totalPages: number
  totalItems: number
}

/** `?sort=expires:desc&filter[]=status:eq:initial&page=1&pageSize=10`, applied to all tokens. */
export function selectTokens(
  tokens: readonly ConnectToken[],
  query: URLSearchParams,
): { page: ConnectToken[]; paging: Paging } {
  for (const name of query.keys()) {
    if (!['sort', 'filter[]', 'page', 'pageSize'].includes(name)) refuse(name, 'is not a known parameter')
  }
  const filters = query.getAll('filter[]').map(readFilter)
  const compare = readSort(query.get('sort'))
  const page = readCount(query, 'page', 1)
  const pageSize = readCount(query, 'pageSize', defaultPageSize)

  const found = tokens.filter((token) => filters.every((accepts) => accepts(token)))
  if (compare !== undefined) found.sort(compare)
  return {
    page: found.slice((page - 1) * pageSize, page * pageSize),
    paging: { page, totalPages: Math.ceil(found.length / pageSize), totalItems: found.length },
  }
}

function readFilter(text: string): (token: ConnectToken) => boolean {
  const [field = '', operator = '', ...rest] = text.split(':')
  const read = readField('filter[]', field)
  const wanted = rest.join(':')
  const compare = (token: ConnectToken): number => order(read(token), wanted)
  if (rest.length > 0) {
    if (operator === 'eq') return (token) => String(read(token)) === wanted
    if (operator === 'gt') return (token) => compare(token) > 0
    if (operator === 'lt') return (token) => compare(token) < 0
  }
  return refuse('filter[]', 'must look like field:operator:value, with the operator eq, gt or lt')
}

function readSort(text: string | null): ((a: ConnectToken, b: ConnectToken) => number) | undefined {
  if (text === null) return undefined
  const [field = '', direction = 'asc', ...rest] = text.split(':')
  const read = readField('sort', field)
  if (rest.length > 0 || (direction !== 'asc' && direction !== 'desc')) {
    return refuse('sort', 'must look like field:asc or field:desc')
  }
  const sign = direction === 'asc' ? 1 : -1
  return (a, b) => sign * order(read(a), read(b))
}

function readField(parameter: string, field: string): (token: ConnectToken) => string | number {
  if (isField(field)) return sortableFields[field]
  return refuse(parameter, `knows the fields ${Object.keys(sortableFields).join(', ')}`)
}

const isField = (field: string): field is keyof typeof sortableFields => Object.hasOwn(sortableFields, field)

/** Numbers as numbers, everything else as text. */
function order(a: string | number, b: string | number): number {
  if (typeof a === 'number') return a - Number(b)
  return a < String(b) ? -1 : a > String(b) ? 1 : 0
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
