import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { ada, bob } from '../support/people.js'

export const upstream = await startEmulator()
t.teardown(() => upstream.close())

const publicKey = Buffer.from('not used for a login').toString('base64url')
const { identifier } = ada
/** They look like Ada, and are somebody else. */
export const lookalikes = [
  identifier.toUpperCase(),
  `${identifier} `,
  ` ${identifier}`,
  identifier.replace('a', 'á'),
  'ａda-7d4c',
]

/** Ada has two passkeys and everybody else one. */
export function seed(): void {
  upstream.reset()
  const owners = [identifier, bob.identifier, ...lookalikes, identifier]
  upstream.seed({
    users: [{ identifier, displayName: 'Ada Lovelace' }],
    passkeys: owners.map((owner, index) => ({ identifier: owner, credentialID: `credential-${index}`, publicKey })),
  })
}

export const passkeyIds = (owner = identifier): string[] => upstream.passkeys(owner).map(({ id }) => id)

/** Everything that the emulator knows of everybody but Ada. */
export const others = (): unknown => upstream.passkeys().filter((passkey) => passkey.identifier !== identifier)
