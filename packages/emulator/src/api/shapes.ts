import type { StoredPasskey } from '../state/passkeys.js'
import type { State } from '../state/state.js'

const aaguidDetails = { name: 'Passkey', iconLight: '', iconDark: '' } as const

/** What Corbado's web client keeps as the latest login and shows as its one-tap button. */
export function passkeyOperation(operationType: 'append' | 'verify', passkey: StoredPasskey) {
  const { identifier, platformAuthenticator, transports } = passkey
  return {
    operationType,
    identifierValue: identifier,
    identifierType: /^\+[0-9]+$/.test(identifier) ? 'phone' : identifier.includes('@') ? 'email' : 'username',
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

/** The client's parser wants neither a fraction nor a zone. */
const dateTime = (ms: number): string => new Date(ms).toISOString().slice(0, 19)

/** A first-time client gets a handle, once as such and once in the opaque text that an app may keep in a cookie. */
export function newClientState(handle: string, state: State) {
  const content = { clientEnvHandle: { data: handle, source: 'URL', ts: state.clock.now() } }
  return { newClientEnvHandle: handle, newClientState: Buffer.from(JSON.stringify(content)).toString('base64') }
}
