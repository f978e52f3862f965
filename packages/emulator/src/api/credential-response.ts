import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import { refused } from '../state/ceremonies.js'
import { Fields, isRecord } from '../wire/fields.js'

/** What a browser's `PublicKeyCredential.toJSON()` says, read field by field from the text that the client sends. */
interface Credential<Response> {
  response: Response
  challenge: string
  attachment: string | undefined
}

export function readRegistration(text: string): Credential<RegistrationResponseJSON> {
  const { credential, response, common } = read(text)
  const clientDataJSON = response.text('clientDataJSON')
  const attestationObject = response.text('attestationObject')
  const transports = response.optionalTexts('transports')
  credential.check()
  return {
    response: { ...common, response: { clientDataJSON, attestationObject, ...(transports && { transports }) } },
    challenge: challengeOf(clientDataJSON),
    attachment: credential.optionalText('authenticatorAttachment'),
  }
}

export function readAuthentication(text: string): Credential<AuthenticationResponseJSON> {
  const { credential, response, common } = read(text)
  const clientDataJSON = response.text('clientDataJSON')
  const authenticatorData = response.text('authenticatorData')
  const signature = response.text('signature')
  const userHandle = response.optionalText('userHandle')
  credential.check()
  return {
    response: {
      ...common,
      response: { clientDataJSON, authenticatorData, signature, ...(userHandle !== undefined && { userHandle }) },
    },
    challenge: challengeOf(clientDataJSON),
    attachment: credential.optionalText('authenticatorAttachment'),
  }
}

function read(text: string) {
  const credential = new Fields(parse(text))
  const common = {
    id: credential.text('id'),
    rawId: credential.text('rawId'),
    type: credential.oneOf('type', ['public-key']),
    clientExtensionResults: {},
  }
  return { credential, common, response: credential.object('response') }
}

/** The ceremony is found by its challenge: a process ID is not always sent. */
function challengeOf(clientDataJSON: string): string {
  const clientData = parse(Buffer.from(clientDataJSON, 'base64url').toString())
  if (isRecord(clientData) && typeof clientData.challenge === 'string') return clientData.challenge
  throw refused('clientDataJSON holds no challenge.')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refused('The response of the authenticator is not JSON.')
  }
}
