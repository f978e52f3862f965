import type { FastifyInstance } from 'fastify'
import type { State } from '../state/state.js'
import { Fields } from '../wire/fields.js'
import { beginProcess } from './process.js'
import { route } from './server.js'
import { passkeyOperation } from './shapes.js'
import { ceremonyMs, createPasskey, creationOptions } from './webauthn.js'

const completionTypes = ['auto', 'conditional', 'manual', 'manual-retry'] as const

/** `append/init`, `append/start` and `append/finish`. */
export function registerAppend(api: FastifyInstance, state: State): void {
  route(api, 'append.init', async (request) => {
    const { processId, common } = beginProcess(request, state)
    return { processID: processId, appendAllowed: true, ...common }
  })

  route(api, 'append.start', async (request) => {
    const body = new Fields(request.body)
    const secret = body.text('appendTokenValue')
    body.number('loadedMs')
    body.optionalBoolean('forcePasskeyAppend')
    body.check()
    const { identifier, displayName = identifier } = state.connectTokens.spend(secret, 'passkey-append').data
    return {
      attestationOptions: await creationOptions(state, identifier, displayName),
      variant: 'default',
      isRestrictedBrowser: false,
      autoAppend: false,
      conditionalAppend: false,
      expiresMs: state.clock.now() + ceremonyMs,
    }
  })

  route(api, 'append.finish', async (request) => {
    const body = new Fields(request.body)
    const response = body.text('attestationResponse')
    // Components from before web-core 3 do not send it.
    body.optionalOneOf('completionType', completionTypes)
    body.check()
    const passkey = await createPasskey(state, response, request.headers['user-agent'] ?? '')
    return { passkeyOperation: passkeyOperation('append', passkey) }
  })
}
