import { type Ceremony, refused } from '../state/ceremonies.js'
import { newId } from '../state/ids.js'
import type { StoredPasskey } from '../state/passkeys.js'
import type { State } from '../state/state.js'
import { ApiError } from '../wire/error-envelope.js'
import { readAuthentication, readRegistration } from './credential-response.js'

/** How long a person may take, as browsers understand it. */
export const ceremonyMs = 5 * 60 * 1000

/** Loaded when the first browser comes: half of the start-up time otherwise, and servers' tests never need it. */
const library = () => import('@simplewebauthn/server')

/** Corbado sends options as text that holds `{ publicKey: … }`. */
const asText = (publicKey: unknown): string => JSON.stringify({ publicKey })

/** The user handle in a passkey; base64url of it is the `userID` that the browser's signal API wants. */
export const userHandle = (userId: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(userId))

export async function creationOptions(state: State, identifier: string, displayName: string): Promise<string> {
  const { generateRegistrationOptions } = await library()
  const options = await generateRegistrationOptions({
    rpName: 'Corbado emulator',
    rpID: state.settings.rpId,
    // What the browser's own dialogs show.
    userName: displayName,
    userDisplayName: displayName,
    userID: userHandle(state.users.idOf(identifier)),
    timeout: ceremonyMs,
    excludeCredentials: state.passkeys.of(identifier).map(asDescriptor),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  state.ceremonies.add(options.challenge, { kind: 'append', identifier, displayName }, ceremonyMs)
  return asText(options)
}

/** For the passkeys of one user, or, with conditional UI, for whatever passkey the browser has. */
export async function requestOptions(
  state: State,
  ceremony: Exclude<Ceremony, { kind: 'append' }>,
  lifetimeMs = ceremonyMs,
): Promise<string> {
  const { generateAuthenticationOptions } = await library()
  const options = await generateAuthenticationOptions({
    rpID: state.settings.rpId,
    timeout: ceremonyMs,
    userVerification: 'required',
    ...(ceremony.kind === 'login' && { allowCredentials: state.passkeys.of(ceremony.identifier).map(asDescriptor) }),
  })
  state.ceremonies.add(options.challenge, ceremony, lifetimeMs)
  return asText(options)
}

export async function createPasskey(state: State, text: string, agent: string): Promise<StoredPasskey> {
  const { response, challenge, attachment } = readRegistration(text)
  const ceremony = state.ceremonies.take(challenge, 'append')
  const { resets } = state
  const owner = state.users.idOf(ceremony.identifier)
  const { verifyRegistrationResponse } = await library()
  const { verified, registrationInfo } = await verifyRegistrationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: [...state.allowedOrigins],
    expectedRPID: state.settings.rpId,
  }).catch(throwRefused)
  if (!verified) throw refused('The passkey could not be verified.')
  if (state.resets !== resets || state.users.byWebauthnId(ceremony.identifier)?.id !== owner) {
    throw refused('The user was deleted meanwhile, or the emulator was reset.')
  }
  const { credential } = registrationInfo
  if (state.passkeys.find(credential.id) !== undefined) throw refused('This passkey is known already.')
  return state.passkeys.add({
    id: newId('cre'),
    credentialID: credential.id,
    identifier: ceremony.identifier,
    publicKey: credential.publicKey,
    transports: credential.transports ?? [],
    aaguid: registrationInfo.aaguid,
    backupEligible: registrationInfo.credentialDeviceType === 'multiDevice',
    backedUp: registrationInfo.credentialBackedUp,
    platformAuthenticator: attachment === 'platform',
    counter: credential.counter,
    ...readAgent(agent),
  })
}

/**
 * The passkey that has answered, and whether it was conditional UI. Null if conditional UI offered a passkey that Corbado
 * does not have, which is how the client learns of a passkey that was deleted.
 */
export async function usePasskey(
  state: State,
  text: string,
): Promise<{ passkey: StoredPasskey; conditional: boolean } | null> {
  const { response, challenge } = readAuthentication(text)
  const ceremony = state.ceremonies.take(challenge, 'login', 'conditional')
  const passkey = state.passkeys.find(response.id)
  if (passkey === undefined) return unknownPasskey(ceremony)
  if (ceremony.kind === 'login' && ceremony.identifier !== passkey.identifier) {
    throw refused('The passkey belongs to another user.')
  }
  const handle = response.response.userHandle
  // https://www.w3.org/TR/webauthn-3/#sctn-verifying-assertion: in conditional UI only the handle says who the user is.
  if (handle === undefined && ceremony.kind === 'conditional') throw refused('The user handle is missing.')
  if (handle !== undefined && handle !== encodeHandle(state.users.idOf(passkey.identifier))) {
    throw refused('The user handle is not the one of the passkey’s user.')
  }
  const { verifyAuthenticationResponse } = await library()
  const { verified, authenticationInfo } = await verifyAuthenticationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: [...state.allowedOrigins],
    expectedRPID: state.settings.rpId,
    credential: { id: passkey.credentialID, publicKey: new Uint8Array(passkey.publicKey), counter: passkey.counter },
  }).catch(throwRefused)
  if (!verified) throw refused('The signature of the passkey is wrong.')
  // It may have been deleted while the signature was checked.
  if (state.passkeys.find(response.id) !== passkey) return unknownPasskey(ceremony)
  // And another answer of it may have been accepted.
  const { newCounter } = authenticationInfo
  if (passkey.counter > 0 && newCounter <= passkey.counter) throw refused('The counter of the passkey did not rise.')
  state.passkeys.used(passkey, newCounter, authenticationInfo.credentialBackedUp)
  return { passkey, conditional: ceremony.kind === 'conditional' }
}

function unknownPasskey({ kind }: Ceremony): null {
  if (kind === 'conditional') return null
  throw new ApiError(404, 'not_found', 'This passkey is unknown or was deleted.')
}

export const encodeHandle = (userId: string): string => Buffer.from(userHandle(userId)).toString('base64url')

const asDescriptor = ({ credentialID, transports }: StoredPasskey): { id: string; transports: string[] } => ({
  id: credentialID,
  transports,
})

function throwRefused(error: unknown): never {
  throw refused(error instanceof Error ? error.message : 'The response of the authenticator is not valid.')
}

/** Roughly what Corbado tells about the place a passkey was made at. */
function readAgent(agent: string): { browser: string; os: string } {
  const first = (names: readonly (readonly [RegExp, string])[]): string =>
    names.find(([pattern]) => pattern.test(agent))?.[1] ?? 'Unknown'
  return {
    browser: first([
      [/Edg\//, 'Edge'],
      [/Firefox\//, 'Firefox'],
      [/Chrome\//, 'Chrome'],
      [/Safari\//, 'Safari'],
    ]),
    os: first([
      [/Android/, 'Android'],
      [/iPhone|iPad/, 'iOS'],
      [/Mac OS X/, 'macOS'],
      [/Windows/, 'Windows'],
      [/Linux/, 'Linux'],
    ]),
  }
}
