import type { FastifyRequest } from 'fastify'
import {
  type ConnectToken,
  type ConnectTokenType,
  connectTokenStatuses,
  connectTokenTypes,
} from '../state/connect-tokens.js'
import type { State } from '../state/state.js'
import { type Envelope, envelope } from '../wire/error-envelope.js'
import { Fields } from '../wire/fields.js'
import { checkCredentials, checkPermission } from './credentials.js'
import { type ListFields, selectPage } from './list-query.js'
import { parameterOf, queryOf, route, type Server } from './server.js'
import { registerUsers } from './users.js'

const tokenFields: ListFields<ConnectToken> = {
  token: ({ id }) => id,
  tokenType: ({ tokenType }) => tokenType,
  status: ({ connectTokenStatus }) => connectTokenStatus,
  expires: ({ expires }) => expires,
}

/** Corbado's Backend API, see https://docs.corbado.com/api-reference/backend-api */
export function registerBackendApi({ app, recordingOf }: Server, state: State): void {
  const { connectTokens, settings, users } = state

  app.register(async (api) => {
    api.addHook('preHandler', async (request) => {
      checkCredentials(request.headers, settings)
      checkPermission(request.headers, recordingOf(request).route, settings)
    })

    route(api, 'connectTokens.create', async (request) => {
      const { type, data, lifetimeSeconds } = readCreation(request.body)
      const token = connectTokens.create(type, data, lifetimeSeconds ?? settings.connectTokenLifetimeSeconds)
      users.see(data.identifier, data.displayName)
      // The one and only time that the secret is told.
      return { ...shown(token), secret: token.secret }
    })

    route(api, 'connectTokens.list', async (request) => {
      const { page, paging } = selectPage(connectTokens.all(), queryOf(request), tokenFields)
      return { connectTokens: page.map(shown), paging }
    })

    route(api, 'connectTokens.update', async (request) => {
      const body = new Fields(request.body)
      const status = body.oneOf('status', connectTokenStatuses)
      body.only('status')
      body.check()
      connectTokens.update(parameterOf(request, 'id'), status)
      return done(request)
    })

    route(api, 'connectTokens.delete', async (request) => {
      connectTokens.delete(parameterOf(request, 'id'))
      return done(request)
    })

    route(api, 'passkeys.verifySignedData', async (request) => {
      const body = new Fields(request.body)
      const signedPasskeyData = body.text('signedPasskeyData')
      const username = body.text('username')
      body.only('signedPasskeyData', 'username')
      body.check()
      return { verificationResult: await state.signedPasskeyData.verify(signedPasskeyData, username) }
    })

    registerUsers(api, state, done)
  })

  const done = (request: FastifyRequest): Envelope => envelope(200, 'OK', recordingOf(request).context)
}

function readCreation(content: unknown): {
  type: ConnectTokenType
  data: ConnectToken['data']
  lifetimeSeconds: number | undefined
} {
  const body = new Fields(content)
  const type = body.oneOf('type', connectTokenTypes)
  const fields = body.object('data')
  const identifier = fields.text('identifier')
  // Only an append token needs a name, but Corbado takes one for every type.
  const displayName = type === 'passkey-append' ? fields.text('displayName') : fields.optionalText('displayName')
  const data = displayName === undefined ? { identifier } : { displayName, identifier }
  fields.only('identifier', 'displayName')
  const lifetimeSeconds = body.optionalPositiveInteger('maxLifetimeInSeconds')
  body.only('type', 'data', 'maxLifetimeInSeconds')
  body.check()
  return { type, data, lifetimeSeconds }
}

/** A token as everyone may see it. */
function shown({
  id,
  tokenType,
  data,
  connectTokenStatus,
  expires,
}: ConnectToken): Omit<ConnectToken, 'secret' | 'processId'> {
  return { id, tokenType, data, connectTokenStatus, expires }
}
