import type { StoredPasskey } from '../state/passkeys.js'
import type { State } from '../state/state.js'
import { type Identifier, type IdentifierType, identifierTypeOf, type User } from '../state/users.js'

const aaguidDetails = { name: 'Passkey', iconLight: '', iconDark: '' } as const

/** What Corbado's web client keeps as the latest login and shows as its one-tap button. */
export function passkeyOperation(operationType: 'append' | 'verify', passkey: StoredPasskey) {
  const { identifier, platformAuthenticator, transports } = passkey
  return {
    operationType,
    identifierValue: identifier,
    identifierType: identifierTypeOf(identifier),
    ceremonyType: platformAuthenticator ? 'local' : transports.includes('hybrid') ? 'cda' : 'security-key',
    aaguidDetails,
  }
}

export function shownPasskey(passkey: StoredPasskey) {
  return {
    id: passkey.id,
    credentialID: passkey.credentialID,
    attestationType: 'none',
    transport: passkey.transports,
    backupEligible: passkey.backupEligible,
    backupState: passkey.backedUp,
    authenticatorAAGUID: passkey.aaguid,
    sourceOS: passkey.os,
    sourceBrowser: passkey.browser,
    lastUsed: dateTime(passkey.lastUsedMs),
    created: dateTime(passkey.createdMs),
    lastUsedMs: passkey.lastUsedMs,
    createdMs: passkey.createdMs,
    status: 'active',
    aaguidDetails,
    tags: [],
  }
}

/** A user as `users.get` and `users.create` answer it. */
export function shownUser({ id, status, displayName, webauthnId, updatedMs }: User) {
  return {
    userID: id,
    status,
    ...(displayName !== undefined && { fullName: displayName }),
    ...(webauthnId !== undefined && { explicitWebauthnID: webauthnId }),
    updated: dateTime(updatedMs),
    updatedMs,
  }
}

/** A user as `users.list` answers it. */
export function shownUserInList(user: User) {
  const identifiers = (type: IdentifierType) =>
    user.identifiers.filter((identifier) => identifier.type === type).map((own) => shownIdentifier(user, own))
  return {
    ...shownUser(user),
    emailIdentifiers: identifiers('email'),
    phoneNumberIdentifiers: identifiers('phone'),
    usernameIdentifiers: identifiers('username'),
    socialAccounts: [],
    created: dateTime(user.createdMs),
    createdMs: user.createdMs,
  }
}

export function shownIdentifier(user: User, { id, type, value, status }: Identifier) {
  return { identifierID: id, type, value, status, userID: user.id }
}

/** The client's parser wants neither a fraction nor a zone. */
export const dateTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19)

/** A first-time client gets a handle, once as such and once in the opaque text that an app may keep in a cookie. */
export function newClientState(handle: string, state: State) {
  const content = { clientEnvHandle: { data: handle, source: 'URL', ts: state.clock.now() } }
  return { newClientEnvHandle: handle, newClientState: Buffer.from(JSON.stringify(content)).toString('base64') }
}
