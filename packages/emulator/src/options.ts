import { type Permission, permissions } from './wire/operations.js'

/** How to start an emulator. Everything has a default. */
export interface EmulatorOptions {
  /** The TCP port on 127.0.0.1; default 0: any free one. */
  port?: number | undefined
  /** Default `pro-1000000000000000001`. */
  projectId?: string | undefined
  /** The API secret that the Backend API demands (HTTP Basic). The default is the same everywhere and protects nothing. */
  apiSecret?: string | undefined
  /** The API key that the Backend API demands (Bearer). The default is the same everywhere and protects nothing. */
  apiKey?: string | undefined
  /** What the API key may do, such as `users:read`; default everything. The API secret may always do everything. */
  apiKeyPermissions?: readonly Permission[] | undefined
  /** The lifetime of a connect token that asks for none, in seconds; default 300. */
  connectTokenLifetimeSeconds?: number | undefined
  /**
   * The origins whose pages may call the Frontend API and use passkeys, such as `http://localhost:3000`; default none.
   * `setAllowedOrigins()` changes them later.
   */
  allowedOrigins?: readonly string[] | undefined
  /** The relying party ID of the passkeys; default `localhost`. A browser demands that it fits the page's origin. */
  rpId?: string | undefined
  /**
   * Refuses operations of the Frontend API whose header `X-Corbado-Process-ID` is missing or names no known process.
   * Default false: the emulator warns instead, because `@corbado/web-core` omits the header after a reload.
   */
  requireProcess?: boolean | undefined
  /** Demands a connect token of type `passkey-login` for every login, for passkeys as a second factor; default false. */
  requireConnectLoginToken?: boolean | undefined
}

export interface Settings {
  port: number
  projectId: string
  apiSecret: string
  apiKey: string
  apiKeyPermissions: readonly Permission[]
  connectTokenLifetimeSeconds: number
  allowedOrigins: readonly string[]
  rpId: string
  requireProcess: boolean
  requireConnectLoginToken: boolean
}

export const defaults: Readonly<Settings> = {
  port: 0,
  projectId: 'pro-1000000000000000001',
  apiSecret: 'corbado1_offlineEmulatorSecretNotForProduction',
  apiKey: 'corbado1_offlineEmulatorKeyNotForProduction',
  apiKeyPermissions: permissions,
  connectTokenLifetimeSeconds: 300,
  allowedOrigins: [],
  rpId: 'localhost',
  requireProcess: false,
  requireConnectLoginToken: false,
}

/** Refuses unknown and wrong options by name: a misspelt one would be ignored silently. */
export function readOptions(options: EmulatorOptions): Settings {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(defaults, name)) throw new TypeError(`startEmulator: unknown option ${name}`)
  }
  const { port, projectId, apiSecret, apiKey, connectTokenLifetimeSeconds, allowedOrigins, rpId } = options
  const { apiKeyPermissions, requireProcess, requireConnectLoginToken } = options
  return {
    port: integer('port', port ?? defaults.port, 0, 65_535),
    projectId: matching('projectId', projectId ?? defaults.projectId, /^pro-[0-9]+$/, 'pro- and digits'),
    apiSecret: matching('apiSecret', apiSecret ?? defaults.apiSecret, visibleAscii, 'printable ASCII without spaces'),
    apiKey: matching('apiKey', apiKey ?? defaults.apiKey, visibleAscii, 'printable ASCII without spaces'),
    apiKeyPermissions: knownPermissions(apiKeyPermissions ?? defaults.apiKeyPermissions),
    connectTokenLifetimeSeconds: integer(
      'connectTokenLifetimeSeconds',
      connectTokenLifetimeSeconds ?? defaults.connectTokenLifetimeSeconds,
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    allowedOrigins: origins('startEmulator: allowedOrigins', allowedOrigins ?? defaults.allowedOrigins),
    rpId: matching('rpId', rpId ?? defaults.rpId, /^[a-z0-9.-]+$/, 'a host name in lower case'),
    requireProcess: boolean('requireProcess', requireProcess ?? defaults.requireProcess),
    requireConnectLoginToken: boolean(
      'requireConnectLoginToken',
      requireConnectLoginToken ?? defaults.requireConnectLoginToken,
    ),
  }
}

function knownPermissions(values: readonly Permission[]): readonly Permission[] {
  if (Array.isArray(values) && values.every((value) => permissions.includes(value))) return [...values]
  throw new TypeError(`startEmulator: apiKeyPermissions must be an array of ${permissions.join(', ')}`)
}

/** Checks that they are written as a browser writes the header `Origin`: anything else would never match. */
export function origins(name: string, values: readonly string[]): readonly string[] {
  if (!Array.isArray(values)) throw new TypeError(`${name} must be an array of origins`)
  for (const value of values) {
    if (!URL.canParse(value) || new URL(value).origin !== value) {
      throw new TypeError(`${name} must be origins such as http://localhost:3000, not ${value}`)
    }
  }
  return [...values]
}

const visibleAscii = /^[\x21-\x7e]+$/

function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new TypeError(`startEmulator: ${name} must be an integer from ${min} to ${max}`)
}

function boolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw new TypeError(`startEmulator: ${name} must be true or false`)
}

/** The message never repeats the value: it may be a secret. */
function matching(name: string, value: unknown, pattern: RegExp, expected: string): string {
  if (typeof value === 'string' && pattern.test(value)) return value
  throw new TypeError(`startEmulator: ${name} must be ${expected}`)
}
