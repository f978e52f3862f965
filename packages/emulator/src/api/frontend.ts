import type { FastifyRequest } from 'fastify'
import { inSeconds } from '../state/clock.js'
import { newClientHandle, newProcessId } from '../state/ids.js'
import type { State } from '../state/state.js'
import { ApiError } from '../wire/error-envelope.js'
import { Fields } from '../wire/fields.js'
import { registerCors } from './cors.js'
import { checkProject } from './credentials.js'
import { route, type Server } from './server.js'
import { newClientState, passkeyOperation, shownPasskey } from './shapes.js'
import { createPasskey, creationOptions, encodeHandle, requestOptions, usePasskey } from './webauthn.js'

/** How long a client may keep what an `init` has told it. */
const PROCESS_SECONDS = 30 * 60

/**
 * Corbado's Frontend API as far as its web client `@corbado/web-core` needs it.
 * See https://docs.corbado.com/api-reference/frontend-api
 */
export function registerFrontendApi({ app }: Server, state: State): void {
  const { connectTokens, passkeys, users } = state
  registerCors(app, state)

  app.register(async (api) => {
    api.addHook('preHandler', async (request) => {
      if (request.headers['x-corbado-projectid'] === undefined) {
        throw new ApiError(401, 'login_error', 'The header X-Corbado-ProjectID is missing.')
      }
      checkProject(request.headers, state.settings.projectId)
    })

    route(api, 'login.init', async (request) => ({
      token: processIdOf(request),
      loginAllowed: true,
      conditionalUIChallenge: await requestOptions(state, { kind: 'conditional' }, PROCESS_SECONDS * 1000),
      ...begin(request),
    }))

    route(api, 'append.init', async (request) => ({
      processID: processIdOf(request),
      appendAllowed: true,
      ...begin(request),
    }))

    route(api, 'manage.init', async (request) => ({
      processID: processIdOf(request),
      manageAllowed: true,
      ...begin(request),
    }))

    route(api, 'append.start', async (request) => {
      const secret = readText(request.body, 'appendTokenValue')
      const { identifier, displayName = identifier } = connectTokens.spend(secret, 'passkey-append').data
      return {
        attestationOptions: await creationOptions(state, identifier, displayName),
        variant: 'default',
        isRestrictedBrowser: false,
        autoAppend: false,
        conditionalAppend: false,
      }
    })

    route(api, 'append.finish', async (request) => {
      const response = readText(request.body, 'attestationResponse')
      const passkey = await createPasskey(state, response, request.headers['user-agent'] ?? '')
      return { passkeyOperation: passkeyOperation('append', passkey) }
    })

    route(api, 'login.start', async (request) => {
      const identifier = readLoginIdentifier(request.body)
      if (passkeys.of(identifier).length === 0) return noPasskey(identifier)
      return {
        assertionOptions: await requestOptions(state, { kind: 'login', identifier }),
        isCDA: false,
        fallbackOperationError: { initFallback: false },
      }
    })

    route(api, 'login.finish', async (request) => {
      const { passkey, conditional } = await usePasskey(state, readText(request.body, 'assertionResponse'))
      const signedPasskeyData = state.signedPasskeyData.issue({
        identifier: passkey.identifier,
        by: conditional ? 'conditional-ui' : 'passkey',
        credential: passkey.id,
        processId: processIdOf(request),
      })
      return { passkeyOperation: passkeyOperation('verify', passkey), session: '', signedPasskeyData }
    })

    route(api, 'manage.list', async (request) => {
      const { identifier } = connectTokens.spend(readText(request.body, 'connectToken'), 'passkey-list').data
      return {
        passkeys: passkeys.of(identifier).map(shownPasskey),
        rpID: state.settings.rpId,
        userID: encodeHandle(users.idOf(identifier)),
      }
    })

    route(api, 'manage.delete', async (request) => {
      const body = new Fields(request.body)
      const secret = body.text('connectToken')
      const credentialID = body.text('credentialID')
      body.check()
      const { identifier } = connectTokens.find(secret, 'passkey-delete').data
      // Clients send either of the two IDs. Another user's passkey is as unknown as one that does not exist.
      const passkey = passkeys
        .of(identifier)
        .find((own) => own.id === credentialID || own.credentialID === credentialID)
      if (passkey === undefined) throw new ApiError(404, 'not_found', 'The user has no such passkey.')
      connectTokens.spend(secret, 'passkey-delete')
      passkeys.delete(passkey)
      return { credentialID }
    })

    route(api, 'events.create', async (request, reply) => {
      readText(request.body, 'eventType')
      return reply.code(204).send()
    })

    route(api, 'process.clear', async (request) => ({ processId: readText(request.body, 'processId') }))
  })

  /** The part that all three `init` have in common. */
  function begin(request: FastifyRequest) {
    const body = new Fields(request.body)
    const client = body.object('clientInformation')
    const handle = client.optionalText('clientEnvHandle')
    body.check()
    return {
      expiresAt: inSeconds(state.clock.now()) + PROCESS_SECONDS,
      // The address in use: a client keeps it and calls it from then on.
      frontendApiUrl: `http://${request.headers.host}`,
      flags: { 'conditional-ui-allowed': 'true' },
      ...(handle === undefined && newClientState(newClientHandle(), state)),
    }
  }

  /** Whom a login is for: with passkeys as a second factor the connect token says it. */
  function readLoginIdentifier(content: unknown): string {
    const body = new Fields(content)
    const typed = body.optionalText('identifier') ?? ''
    const secret = body.optionalText('loginConnectToken')
    if (secret === undefined) body.text('identifier')
    body.check()
    if (secret === undefined) return typed
    const { identifier } = connectTokens.find(secret, 'passkey-login').data
    if (typed !== '' && typed !== identifier) {
      throw new ApiError(401, 'login_error', 'The connect token was made for another user.')
    }
    connectTokens.spend(secret, 'passkey-login')
    return identifier
  }

  /** Not an HTTP error: the client then shows the application's own login. */
  function noPasskey(identifier: string) {
    const error = { code: 'user_not_found', message: 'There is no user with this identifier.' }
    return {
      assertionOptions: '',
      isCDA: false,
      fallbackOperationError: { initFallback: true, identifier, ...(!users.isKnown(identifier) && { error }) },
    }
  }
}

/** A client that has a process goes on with it; answering another one would make it forget what it stored. */
function processIdOf(request: FastifyRequest): string {
  const sent = request.headers['x-corbado-process-id']
  return typeof sent === 'string' && /^[\w-]{1,64}$/.test(sent) ? sent : newProcessId()
}

function readText(content: unknown, name: string): string {
  const body = new Fields(content)
  const text = body.text(name)
  body.check()
  return text
}
