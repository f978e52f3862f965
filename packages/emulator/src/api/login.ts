import type { FastifyInstance } from 'fastify'
import type { State } from '../state/state.js'
import { ApiError } from '../wire/error-envelope.js'
import { Fields } from '../wire/fields.js'
import { beginProcess, processIdOf, processSeconds } from './process.js'
import { route } from './server.js'
import { passkeyOperation } from './shapes.js'
import { requestOptions, usePasskey } from './webauthn.js'

const loginSources = ['one-tap', 'text-field', 'error-soft', 'error-hard'] as const

/** `login/init`, `login/start` and `login/finish`. */
export function registerLogin(api: FastifyInstance, state: State): void {
  const { connectTokens, passkeys, settings, users } = state

  route(api, 'login.init', async (request) => {
    const { processId, common } = beginProcess(request, state)
    return {
      token: processId,
      loginAllowed: true,
      // Conditional UI cannot carry a connect token.
      ...(!settings.requireConnectLoginToken && {
        conditionalUIChallenge: await requestOptions(state, { kind: 'conditional' }, processSeconds * 1000),
      }),
      ...common,
    }
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
    const body = new Fields(request.body)
    const response = body.text('assertionResponse')
    body.boolean('isConditionalUI')
    body.optionalNumber('loadedMs')
    body.check()
    const used = await usePasskey(state, response)
    if (used === null) return passkeyDeleted
    const { passkey, conditional } = used
    const signedPasskeyData = state.signedPasskeyData.issue({
      identifier: passkey.identifier,
      by: conditional ? 'conditional-ui' : 'passkey',
      credential: passkey.id,
      processId: processIdOf(request, state),
    })
    // Corbado's ready-made components complete a login with `session`.
    return { passkeyOperation: passkeyOperation('verify', passkey), session: signedPasskeyData, signedPasskeyData }
  })

  /** Whom a login is for. Where passkeys are a second factor, the connect token says it. */
  function readLoginIdentifier(content: unknown): string {
    const body = new Fields(content)
    const secret = body.optionalText('loginConnectToken')
    const typed = secret === undefined ? body.text('identifier') : (body.optionalText('identifier') ?? '')
    body.oneOf('source', loginSources)
    body.number('loadedMs')
    body.optionalBoolean('identifierHintAvailable')
    body.check()
    if (secret === undefined) {
      if (!settings.requireConnectLoginToken) return typed
      throw new ApiError(401, 'login_error', 'A connect token of type passkey-login is missing.')
    }
    const { identifier } = connectTokens.find(secret, 'passkey-login').data
    if (typed !== '' && typed !== identifier) {
      throw new ApiError(401, 'login_error', 'The connect token was made for another user.')
    }
    connectTokens.spend(secret, 'passkey-login')
    return identifier
  }

  /** Not an HTTP error: the client falls back to the application's own login. */
  function noPasskey(identifier: string) {
    const error = { code: 'no_cbo_user', message: 'Corbado has never seen this identifier.' }
    return {
      assertionOptions: '',
      isCDA: false,
      fallbackOperationError: {
        initFallback: true,
        identifier,
        ...(users.byWebauthnId(identifier) === undefined && { error }),
      },
    }
  }
}

/** The answer when conditional UI offered a passkey that was deleted at Corbado and is still on the device. */
const passkeyDeleted = {
  session: '',
  signedPasskeyData: '',
  fallbackOperationError: {
    initFallback: true,
    error: { code: 'cui_credential_deleted', message: 'This passkey was deleted.' },
  },
} as const
