import type { FastifyInstance, FastifyRequest } from 'fastify'
import { newId } from '../state/ids.js'
import type { StoredPasskey } from '../state/passkeys.js'
import type { State } from '../state/state.js'
import {
  type Identifier,
  identifierStatuses,
  identifierTypeOf,
  identifierTypes,
  type User,
  userStatuses,
} from '../state/users.js'
import { ApiError, type Envelope, validationError } from '../wire/error-envelope.js'
import { Fields } from '../wire/fields.js'
import { type ListFields, selectPage } from './list-query.js'
import { parameterOf, queryOf, route } from './server.js'
import { dateTime, shownIdentifier, shownPasskey, shownUser, shownUserInList } from './shapes.js'
import { selectUsers, userParameters } from './user-query.js'

interface OwnedIdentifier {
  readonly user: User
  readonly identifier: Identifier
}

const userFields: ListFields<User> = {
  id: ({ id }) => id,
  searchValue: ({ id, displayName = '', webauthnId = '', identifiers }) =>
    [id, displayName, webauthnId, ...identifiers.map(({ value }) => value)].filter((text) => text !== ''),
  name: ({ displayName = '' }) => displayName,
  fullName: ({ displayName = '' }) => displayName,
  created: ({ createdMs }) => dateTime(createdMs),
  updated: ({ updatedMs }) => dateTime(updatedMs),
  status: ({ status }) => status,
}

const identifierFields: ListFields<OwnedIdentifier> = {
  userID: ({ user }) => user.id,
  identifierType: ({ identifier }) => identifier.type,
  identifierValue: ({ identifier }) => identifier.value,
}

const credentialFields = (user: User): ListFields<StoredPasskey> => ({
  userID: () => user.id,
  created: ({ createdMs }) => dateTime(createdMs),
  status: () => 'active',
  backupState: ({ backedUp }) => backedUp,
  browserName: ({ browser }) => browser,
  osName: ({ os }) => os,
})

/** Users, their passkeys and their identifiers in the Backend API. `done` is the answer of what only changes something. */
export function registerUsers(api: FastifyInstance, state: State, done: (request: FastifyRequest) => Envelope): void {
  const { users, passkeys } = state

  route(api, 'users.list', async (request) => {
    const query = queryOf(request)
    const { page, paging } = selectPage(selectUsers(users.all(), query), query, userFields, userParameters)
    return { users: page.map(shownUserInList), paging }
  })

  route(api, 'users.get', async (request) => shownUser(userOf(request)))

  route(api, 'users.create', async (request) => {
    const body = new Fields(request.body)
    const status = body.optionalOneOf('status', userStatuses) ?? 'active'
    const displayName = body.optionalText('fullName')
    const webauthnId = body.optionalText('explicitWebauthnID') || undefined
    body.only('status', 'fullName', 'explicitWebauthnID')
    body.check()
    if (webauthnId !== undefined && users.byWebauthnId(webauthnId) !== undefined) {
      throw taken('explicitWebauthnID')
    }
    return shownUser(users.create({ status, displayName, webauthnId }))
  })

  route(api, 'users.delete', async (request) => {
    state.deleteUser(userOf(request))
    return done(request)
  })

  route(api, 'credentials.list', async (request) => {
    const user = userOf(request)
    const { page, paging } = selectPage(passkeysOf(user), queryOf(request), credentialFields(user))
    return { credentials: page.map(shownPasskey), paging }
  })

  route(api, 'credentials.delete', async (request) => {
    const id = parameterOf(request, 'id')
    const passkey = passkeysOf(userOf(request)).find((own) => own.id === id)
    if (passkey === undefined) throw new ApiError(404, 'not_found', 'The user has no passkey with this ID.')
    passkeys.delete(passkey)
    return done(request)
  })

  route(api, 'identifiers.list', async (request) => {
    const { page, paging } = selectPage(allIdentifiers(), queryOf(request), identifierFields)
    return { identifiers: page.map(({ user, identifier }) => shownIdentifier(user, identifier)), paging }
  })

  route(api, 'identifiers.create', async (request) => {
    const user = userOf(request)
    const body = new Fields(request.body)
    const value = body.text('identifierValue')
    const type = body.optionalOneOf('identifierType', identifierTypes) ?? identifierTypeOf(value)
    const status = body.optionalOneOf('status', identifierStatuses) ?? 'pending'
    body.only('identifierType', 'identifierValue', 'status')
    body.check()
    if (allIdentifiers().some(({ identifier }) => identifier.type === type && identifier.value === value)) {
      throw taken('identifierValue')
    }
    const identifier: Identifier = { id: newId('ide'), type, value, status }
    user.identifiers.push(identifier)
    return shownIdentifier(user, identifier)
  })

  route(api, 'identifiers.update', async (request) => {
    const user = userOf(request)
    const identifier = identifierOf(user, request)
    const body = new Fields(request.body)
    const status = body.optionalOneOf('status', identifierStatuses)
    body.only('status')
    body.check()
    if (status !== undefined) identifier.status = status
    return shownIdentifier(user, identifier)
  })

  route(api, 'identifiers.delete', async (request) => {
    const user = userOf(request)
    user.identifiers.splice(user.identifiers.indexOf(identifierOf(user, request)), 1)
    return done(request)
  })

  function userOf(request: FastifyRequest): User {
    const user = users.byId(parameterOf(request, 'userID'))
    if (user === undefined) throw new ApiError(404, 'not_found', 'There is no user with this ID.')
    return user
  }

  const passkeysOf = ({ webauthnId }: User): StoredPasskey[] =>
    webauthnId === undefined ? [] : passkeys.of(webauthnId)

  const allIdentifiers = (): OwnedIdentifier[] =>
    users.all().flatMap((user) => user.identifiers.map((identifier) => ({ user, identifier })))
}

function identifierOf(user: User, request: FastifyRequest): Identifier {
  const id = parameterOf(request, 'id')
  const identifier = user.identifiers.find((own) => own.id === id)
  if (identifier === undefined) throw new ApiError(404, 'not_found', 'The user has no identifier with this ID.')
  return identifier
}

const taken = (field: string): ApiError => validationError([{ field, message: 'belongs to another user already' }])
