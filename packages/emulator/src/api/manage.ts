import type { FastifyInstance } from 'fastify'
import type { State } from '../state/state.js'
import { ApiError } from '../wire/error-envelope.js'
import { Fields } from '../wire/fields.js'
import { beginProcess, sentProcessId } from './process.js'
import { route } from './server.js'
import { shownPasskey } from './shapes.js'
import { encodeHandle } from './webauthn.js'

/** `manage/init`, `manage/list` and `manage/delete`. */
export function registerManage(api: FastifyInstance, state: State): void {
  const { connectTokens, passkeys, users } = state

  route(api, 'manage.init', async (request) => {
    const { processId, common } = beginProcess(request, state)
    return { processID: processId, manageAllowed: true, ...common }
  })

  route(api, 'manage.list', async (request) => {
    const body = new Fields(request.body)
    const secret = body.text('connectToken')
    body.optionalText('mode')
    body.check()
    const { identifier } = connectTokens.useForList(secret, sentProcessId(request)).data
    return {
      passkeys: passkeys.of(identifier).map(shownPasskey),
      rpID: state.settings.rpId,
      userID: encodeHandle(users.idOf(identifier)),
      signalAllAcceptedCredentials: true,
    }
  })

  route(api, 'manage.delete', async (request) => {
    const body = new Fields(request.body)
    const secret = body.text('connectToken')
    const credentialID = body.text('credentialID')
    body.check()
    const { identifier } = connectTokens.find(secret, 'passkey-delete').data
    // Clients send either of the two IDs. Another user's passkey is as unknown as one that does not exist.
    const passkey = passkeys.of(identifier).find((own) => own.id === credentialID || own.credentialID === credentialID)
    if (passkey === undefined) throw new ApiError(404, 'not_found', 'The user has no such passkey.')
    connectTokens.spend(secret, 'passkey-delete')
    passkeys.delete(passkey)
    return { credentialID }
  })
}
