/** How to start an emulator. Everything has a default. */
export type EmulatorOptions = {
  /** The TCP port on 127.0.0.1; default 0: any free one. */
  port?: number | undefined
  /** Default `pro-1000000000000000001`. */
  projectId?: string | undefined
  /** The API secret that the Backend API demands (HTTP Basic). The default is the same everywhere and protects nothing. */
  apiSecret?: string | undefined
  /** The API key that the Backend API demands (Bearer). The default is the same everywhere and protects nothing. */
  apiKey?: string | undefined
  /** The lifetime of a connect token that asks for none, in seconds; default 300. */
  connectTokenLifetimeSeconds?: number | undefined
  /**
   * The origins whose pages may call the Frontend API and use passkeys, such as `http://localhost:3000`; default none.
   * `setAllowedOrigins()` changes them later.
   */
  allowedOrigins?: readonly string[] | undefined
  /** The relying party ID of the passkeys; default `localhost`. A browser demands that it fits the page's origin. */
  rpId?: string | undefined
}

export type Settings = {
  port: number
  projectId: string
  apiSecret: string
  apiKey: string
  connectTokenLifetimeSeconds: number
  allowedOrigins: readonly string[]
  rpId: string
}

export const DEFAULTS: Readonly<Settings> = {
  port: 0,
  projectId: 'pro-1000000000000000001',
  apiSecret: 'corbado1_offlineEmulatorSecretNotForProduction',
  apiKey: 'corbado1_offlineEmulatorKeyNotForProduction',
  connectTokenLifetimeSeconds: 300,
  allowedOrigins: [],
  rpId: 'localhost',
}

/** Unknown and wrong options are refused by name: a misspelt one would be silently ignored. */
export function readOptions(options: EmulatorOptions): Settings {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(DEFAULTS, name)) throw new TypeError(`startEmulator: unknown option ${name}`)
  }
  const { port, projectId, apiSecret, apiKey, connectTokenLifetimeSeconds, allowedOrigins, rpId } = options
  return {
    port: integer('port', port ?? DEFAULTS.port, 0, 65_535),
    projectId: matching('projectId', projectId ?? DEFAULTS.projectId, /^pro-[0-9]+$/, 'pro- and digits'),
    apiSecret: matching('apiSecret', apiSecret ?? DEFAULTS.apiSecret, VISIBLE, 'printable ASCII without spaces'),
    apiKey: matching('apiKey', apiKey ?? DEFAULTS.apiKey, VISIBLE, 'printable ASCII without spaces'),
    connectTokenLifetimeSeconds: integer(
      'connectTokenLifetimeSeconds',
      connectTokenLifetimeSeconds ?? DEFAULTS.connectTokenLifetimeSeconds,
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    allowedOrigins: origins('startEmulator: allowedOrigins', allowedOrigins ?? DEFAULTS.allowedOrigins),
    rpId: matching('rpId', rpId ?? DEFAULTS.rpId, /^[a-z0-9.-]+$/, 'a host name in lower case'),
  }
}

/** Exactly as a browser writes them in the header `Origin`; anything else would never match. */
export function origins(name: string, values: readonly string[]): readonly string[] {
  if (!Array.isArray(values)) throw new TypeError(`${name} must be an array of origins`)
  for (const value of values) {
    if (!URL.canParse(value) || new URL(value).origin !== value) {
      throw new TypeError(`${name}: ${value} is not an origin such as http://localhost:3000`)
    }
  }
  return [...values]
}

const VISIBLE = /^[\x21-\x7e]+$/

function integer(name: string, value: unknown, min: number, max: number): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new TypeError(`startEmulator: ${name} must be an integer from ${min} to ${max}`)
}

/** The message never repeats the value: it may be a secret. */
function matching(name: string, value: unknown, pattern: RegExp, expected: string): string {
  if (typeof value === 'string' && pattern.test(value)) return value
  throw new TypeError(`startEmulator: ${name} must be ${expected}`)
}
