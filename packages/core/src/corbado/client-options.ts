import type { Dispatcher } from 'undici'
import { refuseUnknownOptions } from '../option-checks.js'

/** How to reach Corbado. Exactly one of `apiSecret` and `apiKey`. */
export interface CorbadoClientOptions {
  /** `pro-…` */
  readonly projectId: string
  /** The project's API secret, sent as HTTP Basic together with the project ID. */
  readonly apiSecret?: string
  /** A versioned API key with permissions (`connect_tokens:write`, `passkeys:verify`), sent as Bearer. */
  readonly apiKey?: string
  /** Origin of the Backend API, without a path. Default `https://backendapi.cloud.corbado.io`; `http` for loopback only. */
  readonly backendApi?: string
  /** Total deadline of one call, in milliseconds, retries included. Default 5000. */
  readonly timeoutMs?: number
  /** Default `/v2/passkey/verifySignedData`; one of Corbado's pages spells it `/v2/passkeys/…`. */
  readonly verifySignedDataPath?: string
  /** A dispatcher of your own (proxy, mutual TLS). It is never closed by us, and no verification is retried over it. */
  readonly dispatcher?: Dispatcher
}

const defaultBackendApi = 'https://backendapi.cloud.corbado.io'
const defaultTimeoutMs = 5000
const defaultVerifySignedDataPath = '/v2/passkey/verifySignedData'

/** Checked options, with every default in place. */
export interface ResolvedClientOptions {
  readonly projectId: string
  readonly authorization: string
  readonly origin: string
  readonly timeoutMs: number
  readonly verifySignedDataPath: string
  readonly dispatcher: Dispatcher | undefined
}

const optionNames = [
  'projectId',
  'apiSecret',
  'apiKey',
  'backendApi',
  'timeoutMs',
  'verifySignedDataPath',
  'dispatcher',
] as const satisfies readonly (keyof CorbadoClientOptions)[]

/** @throws TypeError that names the option; no message ever holds the value of a credential */
export function resolveClientOptions(options: CorbadoClientOptions): ResolvedClientOptions {
  refuseUnknownOptions('CorbadoClient', options, optionNames)
  const {
    projectId,
    timeoutMs = defaultTimeoutMs,
    verifySignedDataPath = defaultVerifySignedDataPath,
    dispatcher,
  } = options
  if (typeof projectId !== 'string' || !/^[A-Za-z0-9_-]{1,128}$/.test(projectId)) {
    throw new TypeError('projectId: a project ID (pro-…) was expected')
  }
  if (projectId.startsWith('corbado1_'))
    throw new TypeError('projectId: this looks like an API secret; was it swapped?')
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 60_000) {
    throw new TypeError('timeoutMs: a whole number of milliseconds from 1 to 60000 was expected')
  }
  if (typeof verifySignedDataPath !== 'string' || !/^(\/[A-Za-z0-9_-]+)+$/.test(verifySignedDataPath)) {
    throw new TypeError('verifySignedDataPath: a path such as /v2/passkey/verifySignedData was expected')
  }
  if (dispatcher !== undefined && typeof dispatcher?.dispatch !== 'function') {
    throw new TypeError('dispatcher: an undici Dispatcher was expected')
  }
  const origin = backendOrigin(options.backendApi ?? defaultBackendApi)
  return { projectId, authorization: authorization(options), origin, timeoutMs, verifySignedDataPath, dispatcher }
}

/** Reads the environment. @throws TypeError that names the variable */
export function clientOptionsFromEnv(env: NodeJS.ProcessEnv): CorbadoClientOptions {
  const projectId = env.CORBADO_PROJECT_ID
  const apiSecret = env.CORBADO_API_SECRET
  const apiKey = env.CORBADO_API_KEY
  const backendApi = env.CORBADO_BACKEND_API
  if (!projectId) throw new TypeError('CORBADO_PROJECT_ID is not set (and no option client was given)')
  if (!apiSecret && !apiKey) throw new TypeError('CORBADO_API_SECRET or CORBADO_API_KEY must be set')
  return {
    projectId,
    ...(apiSecret ? { apiSecret } : {}),
    ...(apiKey ? { apiKey } : {}),
    ...(backendApi ? { backendApi } : {}),
  }
}

function authorization({ projectId, apiSecret, apiKey }: CorbadoClientOptions): string {
  if ((apiSecret === undefined) === (apiKey === undefined)) {
    throw new TypeError('apiSecret, apiKey: exactly one of them was expected')
  }
  if (apiSecret !== undefined) {
    assertCredential('apiSecret', apiSecret)
    return `Basic ${Buffer.from(`${projectId}:${apiSecret}`).toString('base64')}`
  }
  assertCredential('apiKey', apiKey)
  return `Bearer ${apiKey}`
}

function assertCredential(name: string, value: unknown): void {
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw new TypeError(`${name}: a text of visible ASCII characters without white space was expected`)
  }
}

function backendOrigin(value: unknown): string {
  if (typeof value !== 'string' || !URL.canParse(value))
    throw new TypeError('backendApi: an origin (https://host) was expected')
  const url = new URL(value)
  if (url.username || url.password) throw new TypeError('backendApi: credentials do not belong into a URL')
  if (url.pathname !== '/' || url.search || url.hash || value.endsWith('?') || value.endsWith('#')) {
    throw new TypeError(`backendApi: only an origin was expected, without the path "${url.pathname}"; /v2 is added`)
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new TypeError('backendApi: https was expected; http is for loopback only')
  }
  if (
    url.protocol === 'https:' &&
    process.env.NODE_ENV === 'production' &&
    process.env.NODE_TLS_REJECT_UNAUTHORIZED === '0'
  ) {
    throw new TypeError('NODE_TLS_REJECT_UNAUTHORIZED=0 leaves Corbado unauthenticated and is refused in production')
  }
  return url.origin
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
