import { EventEmitter } from 'node:events'
import { Faults } from '../faults/faults.js'
import type { Settings } from '../options.js'
import { Ceremonies } from './ceremonies.js'
import { type Clock, createClock } from './clock.js'
import { ConnectTokens } from './connect-tokens.js'
import { Logins } from './logins.js'
import { Passkeys } from './passkeys.js'
import { Processes } from './processes.js'
import { Requests } from './requests.js'
import { SignedPasskeyData } from './signed-passkey-data.js'
import type { SigningKey } from './signing-key.js'
import { type User, Users } from './users.js'
import { Warnings } from './warnings.js'

/** Everything that one emulator knows. */
export interface State {
  readonly settings: Settings
  readonly clock: Clock
  readonly connectTokens: ConnectTokens
  readonly users: Users
  readonly logins: Logins
  readonly signedPasskeyData: SignedPasskeyData
  readonly passkeys: Passkeys
  readonly ceremonies: Ceremonies
  readonly processes: Processes
  readonly requests: Requests
  readonly warnings: Warnings
  readonly faults: Faults
  /** Emits `change` when something that the page shows has changed. */
  readonly changes: EventEmitter
  /** The origins whose pages may use the Frontend API. */
  allowedOrigins: readonly string[]
  /** How often it was reset: what began before must not end up in the state after. */
  readonly resets: number
  /** Deletes a user with everything that belongs to the user: identifiers, passkeys, connect tokens and logins. */
  deleteUser(user: User): void
  reset(): void
}

export function createState(settings: Settings, key: SigningKey): State {
  const changes = new EventEmitter()
  // Each open page listens, and a dozen tabs are not a leak.
  changes.setMaxListeners(0)
  const changed = (): void => {
    changes.emit('change')
  }
  const clock = createClock(changed)
  const users = new Users(clock)
  const connectTokens = new ConnectTokens(clock, changed)
  const logins = new Logins(clock, changed)
  const passkeys = new Passkeys(clock, changed)
  const ceremonies = new Ceremonies(clock)
  const processes = new Processes()
  const requests = new Requests(clock, changed)
  const warnings = new Warnings()
  const faults = new Faults()
  let resets = 0
  return {
    settings,
    clock,
    connectTokens,
    users,
    logins,
    signedPasskeyData: new SignedPasskeyData({ projectId: settings.projectId, key, clock, logins, passkeys, users }),
    passkeys,
    ceremonies,
    processes,
    requests,
    warnings,
    faults,
    changes,
    allowedOrigins: settings.allowedOrigins,
    get resets() {
      return resets
    },
    deleteUser(user) {
      users.delete(user)
      const { webauthnId } = user
      if (webauthnId === undefined) return
      for (const part of [passkeys, connectTokens, logins, ceremonies]) part.deleteOf(webauthnId)
    },
    reset() {
      resets++
      for (const part of [connectTokens, users, logins, passkeys, ceremonies, processes, requests, faults]) part.clear()
      clock.reset()
    },
  }
}
