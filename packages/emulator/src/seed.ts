import { newId } from './state/ids.js'
import type { State } from './state/state.js'
import { isRecord } from './wire/fields.js'

/** What an emulator knows from the start. */
export interface Seed {
  /** Users that Corbado has seen before. */
  users?: readonly SeedUser[]
  /** Passkeys whose private keys a test has, for example in Chromium's virtual authenticator. */
  passkeys?: readonly SeedPasskey[]
}

export interface SeedUser {
  /** The WebAuthn identifier. */
  identifier: string
  displayName?: string
  /** Corbado's user ID; default a random one. Its base64url form is the user handle of the user's passkeys. */
  userID?: string
}

export interface SeedPasskey {
  /** The WebAuthn identifier of the user. */
  identifier: string
  /** WebAuthn's ID, base64url. */
  credentialID: string
  /** The public key in COSE format (RFC 9052), base64url. */
  publicKey: string
  /** The signature counter; default 0. */
  counter?: number
}

/**
 * Adds users and passkeys; either all of the seed or nothing.
 *
 * @throws TypeError for a wrong or unknown field, by name
 */
export function addSeed(state: State, seed: unknown): void {
  const { users = [], passkeys = [] } = record('seed', seed, ['users', 'passkeys'])
  const readUsers = list('seed.users', users).map((user, index) => readUser(`seed.users[${index}]`, user))
  const readPasskeys = list('seed.passkeys', passkeys).map((passkey, index) =>
    readPasskey(`seed.passkeys[${index}]`, passkey),
  )
  refuseTakenIds(state, readUsers)
  for (const { identifier, displayName, userID } of readUsers) state.users.see(identifier, displayName, userID)
  for (const { identifier, credentialID, publicKey, counter } of readPasskeys) {
    state.users.see(identifier)
    state.passkeys.add({
      id: newId('cre'),
      credentialID,
      identifier,
      publicKey,
      transports: ['internal'],
      aaguid: '00000000-0000-0000-0000-000000000000',
      backupEligible: true,
      backedUp: true,
      platformAuthenticator: true,
      browser: 'Unknown',
      os: 'Unknown',
      counter,
    })
  }
}

/** A user ID that two users share would give one the passkeys of the other. */
function refuseTakenIds(state: State, seeds: readonly { identifier: string; userID: string | undefined }[]): void {
  const owners = new Map<string, string | undefined>()
  for (const [index, { identifier, userID }] of seeds.entries()) {
    if (userID === undefined) continue
    const user = state.users.byId(userID)
    const owner = owners.has(userID) ? owners.get(userID) : user === undefined ? identifier : user.webauthnId
    if (owner !== identifier) throw new TypeError(`seed.users[${index}].userID must not be the ID of another user`)
    owners.set(userID, identifier)
  }
}

function readUser(name: string, value: unknown) {
  const user = record(name, value, ['identifier', 'displayName', 'userID'])
  return {
    identifier: text(`${name}.identifier`, user.identifier),
    displayName: user.displayName === undefined ? undefined : text(`${name}.displayName`, user.displayName),
    userID: user.userID === undefined ? undefined : userId(`${name}.userID`, user.userID),
  }
}

function readPasskey(name: string, value: unknown) {
  const passkey = record(name, value, ['identifier', 'credentialID', 'publicKey', 'counter'])
  const { counter = 0 } = passkey
  if (typeof counter !== 'number' || !Number.isSafeInteger(counter) || counter < 0) {
    throw new TypeError(`${name}.counter must be an integer of 0 or more`)
  }
  return {
    identifier: text(`${name}.identifier`, passkey.identifier),
    credentialID: base64url(`${name}.credentialID`, passkey.credentialID),
    publicKey: Buffer.from(base64url(`${name}.publicKey`, passkey.publicKey), 'base64url'),
    counter,
  }
}

function record(name: string, value: unknown, fields: readonly string[]): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw new TypeError(`${name} must be an object`)
  for (const field of Object.keys(value)) {
    if (!fields.includes(field)) throw new TypeError(`${name}.${field} must not be set: there is no such field`)
  }
  return value
}

function list(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TypeError(`${name} must be an array`)
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw new TypeError(`${name} must be a non-empty string`)
}

function userId(name: string, value: unknown): string {
  if (typeof value === 'string' && /^usr-[0-9]+$/.test(value)) return value
  throw new TypeError(`${name} must be usr- and digits`)
}

function base64url(name: string, value: unknown): string {
  if (typeof value === 'string' && /^[\w-]+$/.test(value)) return value
  throw new TypeError(`${name} must be base64url`)
}
