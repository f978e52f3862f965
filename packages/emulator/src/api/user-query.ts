import { identifierTypes, type User } from '../state/users.js'
import { validationError } from '../wire/error-envelope.js'

/** The newer description of `users.list` takes exactly one of these; the older one knows only `filter[]`. */
const choices = ['userID', 'userIDs', 'webauthnIDs', 'identifierValue', 'identifierValues'] as const

const maxValues = 1000

/** The parameters of `users.list` besides those of every list. How an array is written is not documented. */
export const userParameters = [...choices.flatMap((name) => [name, `${name}[]`]), 'identifierType']

/** The users that the query names, all of them if it names none. */
export function selectUsers(users: readonly User[], query: URLSearchParams): readonly User[] {
  const given = choices.filter((name) => valuesOf(query, name).length > 0)
  const [choice, ...others] = given
  const type = query.get('identifierType')
  const isByIdentifier = choice === 'identifierValue' || choice === 'identifierValues'
  if (others.length > 0) refuse(choice, `must not be combined with ${others.join(', ')}`)
  if (isByIdentifier && !identifierTypes.some((known) => known === type)) {
    refuse('identifierType', `must be one of ${identifierTypes.join(', ')}`)
  }
  if (!isByIdentifier && type !== null)
    refuse('identifierType', 'must be sent with identifierValue or identifierValues')
  if (choice === undefined) return users
  const values = new Set(valuesOf(query, choice))
  const isSingle = choice === 'userID' || choice === 'identifierValue'
  if (isSingle && values.size > 1) refuse(choice, 'must be one value')
  if (values.size > maxValues) refuse(choice, `must be at most ${maxValues} values`)
  if (isByIdentifier) {
    return users.filter(({ identifiers }) => identifiers.some((own) => own.type === type && values.has(own.value)))
  }
  const read = choice === 'webauthnIDs' ? ({ webauthnId = '' }: User) => webauthnId : ({ id }: User) => id
  return users.filter((user) => values.has(read(user)))
}

const valuesOf = (query: URLSearchParams, name: string): string[] => [
  ...query.getAll(name),
  ...query.getAll(`${name}[]`),
]

function refuse(field = '', message: string): never {
  throw validationError([{ field, message }])
}
