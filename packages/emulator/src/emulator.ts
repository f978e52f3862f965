import { registerBackendApi } from './api/backend.js'
import { registerFrontendApi } from './api/frontend.js'
import { createServer } from './api/server.js'
import { registerControl } from './control.js'
import type { Fault, FaultHandle } from './faults/faults.js'
import { type EmulatorOptions, origins, readOptions } from './options.js'
import { registerPage } from './page.js'
import { addSeed, type Seed } from './seed.js'
import type { Clock } from './state/clock.js'
import type { StoredPasskey } from './state/passkeys.js'
import type { RequestFilter } from './state/request-counts.js'
import type { RecordedRequest } from './state/requests.js'
import type { SignInOverrides } from './state/signed-passkey-data.js'
import { createSigningKey } from './state/signing-key.js'
import { createState } from './state/state.js'

/** A passkey that a browser has created. */
export interface Passkey {
  /** Corbado's ID, `cre-…`. */
  id: string
  /** WebAuthn's ID, base64url. */
  credentialID: string
  /** The WebAuthn identifier of its user. */
  identifier: string
  /** Milliseconds since 1970, by the emulator's clock. */
  createdMs: number
  /** Milliseconds since 1970, by the emulator's clock. */
  lastUsedMs: number
}

/** A running emulator. */
export interface Emulator {
  /** Where it listens: `http://127.0.0.1:<port>`. The origin to give to a server as the Backend API. */
  readonly url: string
  /** The same as `http://localhost:<port>`, for a browser: the `customDomain` of Corbado's web client. */
  readonly browserUrl: string
  readonly projectId: string
  /** The secret that the Backend API demands with HTTP Basic, together with the project ID. */
  readonly apiSecret: string
  /** The key that the Backend API demands as a Bearer token. */
  readonly apiKey: string
  /** The emulator's time. */
  readonly clock: Clock
  /** Signs a signedPasskeyData for this user without a browser. The overrides make bad ones. */
  signIn(identifier: string, overrides?: SignInOverrides): Promise<string>
  /** Makes requests fail. Throws a `TypeError` for a fault that could never strike. */
  fault(fault: Fault): FaultHandle
  /** The latest 10,000 requests, oldest first. */
  requests(filter?: RequestFilter): RecordedRequest[]
  /** Counts all requests since the start or the latest `reset()`. Only the latest 1,000 distinct paths are counted apart. */
  count(filter?: RequestFilter): number
  /** The passkeys that browsers have created, of all users or of one. */
  passkeys(identifier?: string): Passkey[]
  /** Adds users and passkeys, as if they had been there before. Wrong fields throw a `TypeError` and nothing is added. */
  seed(seed: Seed): void
  /** Replaces the origins whose pages may call the Frontend API, such as `http://localhost:3000`. */
  setAllowedOrigins(origins: readonly string[]): void
  /** Forgets tokens, users, logins, passkeys, processes, requests and faults, and resets the clock. Address, keys and origins stay. */
  reset(): void
  /** Stops listening and cuts all connections. */
  close(): Promise<void>
}

/**
 * Starts an offline Corbado on 127.0.0.1 and resolves when it listens.
 *
 * @see https://docs.corbado.com/api-reference/backend-api for the API that it answers
 * @throws TypeError for a wrong or unknown option, by name
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const settings = readOptions(options)
  const state = createState(settings, await createSigningKey())
  const server = createServer(state)
  registerBackendApi(server, state)
  registerFrontendApi(server, state)
  registerControl(server, state)
  await registerPage(server, state)
  const url = await server.app.listen({ host: '127.0.0.1', port: settings.port })

  return {
    url,
    browserUrl: url.replace('127.0.0.1', 'localhost'),
    projectId: settings.projectId,
    apiSecret: settings.apiSecret,
    apiKey: settings.apiKey,
    clock: state.clock,
    signIn: (identifier, overrides) => state.signedPasskeyData.mint(identifier, overrides),
    fault: (fault) => state.faults.add(fault),
    requests: (filter) => state.requests.select(filter),
    count: (filter) => state.requests.count(filter),
    passkeys: (identifier) =>
      (identifier === undefined ? state.passkeys.all() : state.passkeys.of(identifier)).map(asPasskey),
    seed: (seed) => addSeed(state, seed),
    setAllowedOrigins: (allowed) => {
      state.allowedOrigins = origins('setAllowedOrigins', allowed)
    },
    reset: () => state.reset(),
    close: () => server.app.close(),
  }
}

const asPasskey = ({ id, credentialID, identifier, createdMs, lastUsedMs }: StoredPasskey): Passkey => ({
  id,
  credentialID,
  identifier,
  createdMs,
  lastUsedMs,
})
