import type { Dispatcher } from 'undici'
import { docsLink } from '../docs-link.js'
import { refuseUnknownOptions } from '../option-checks.js'
import type { UpstreamLimitOptions } from './upstream-limit.js'

/** How to reach Corbado. Set exactly one of `apiSecret` and `apiKey`. */
export interface CorbadoClientOptions {
  /** The project ID, `pro-…`. */
  readonly projectId: string
  /** The project's API secret, sent as HTTP Basic together with the project ID. */
  readonly apiSecret?: string | undefined
  /** A versioned API key with permissions (`connect_tokens:write`, `passkeys:verify`), sent as Bearer. */
  readonly apiKey?: string | undefined
  /** Origin of the Backend API, without a path. Default `https://backendapi.cloud.corbado.io`. `http` is for loopback only. */
  readonly backendApi?: string | undefined
  /** Total deadline of one call with its retries, in milliseconds. Default 5000. */
  readonly timeoutMs?: number | undefined
  /** Default `/v2/passkey/verifySignedData`. One of Corbado's pages spells it `/v2/passkeys/…`. */
  readonly verifySignedDataPath?: string | undefined
  /**
   * Your own undici dispatcher, for example a proxy or mutual TLS. The client never closes it, and never retries a
   * verification over it, because it may retry by itself. Let it close idle connections after a second
   * (`keepAliveTimeout` and `keepAliveMaxTimeout`): a server that closes one at the same moment costs a login.
   */
  readonly dispatcher?: Dispatcher | undefined
  /**
   * How many requests this client sends. Default `{ max: 2000, windowMs: 10_000 }`, which is Corbado's limit for one IP
   * address: divide it by the number of processes behind one address. Verifications may use three quarters, so that
   * forged logins cannot stop connect tokens. Calls above the limit fail with `CORBADO_OVERLOADED`. `false` switches it
   * off.
   */
  readonly upstreamLimit?: UpstreamLimitOptions | false | undefined
}

/** Checked options, with every default in place. */
export interface ResolvedClientOptions {
  readonly projectId: string
  readonly authorization: string
  readonly origin: string
  readonly timeoutMs: number
  readonly verifySignedDataPath: string
  readonly dispatcher: Dispatcher | undefined
  readonly upstreamLimit: UpstreamLimitOptions | false
}

const optionNames = [
  'projectId',
  'apiSecret',
  'apiKey',
  'backendApi',
  'timeoutMs',
  'verifySignedDataPath',
  'dispatcher',
  'upstreamLimit',
] as const satisfies readonly (keyof CorbadoClientOptions)[]

type OptionName = (typeof optionNames)[number]

const defaults = {
  backendApi: 'https://backendapi.cloud.corbado.io',
  timeoutMs: 5000,
  verifySignedDataPath: '/v2/passkey/verifySignedData',
  upstreamLimit: { max: 2000, windowMs: 10_000 },
}

/** How an error message calls an option. */
type Naming = (option: OptionName) => string

const byOption: Naming = (option) => `CorbadoClient: \`${option}\``

const variables: Partial<Record<OptionName, string>> = {
  projectId: 'CORBADO_PROJECT_ID',
  apiSecret: 'CORBADO_API_SECRET',
  apiKey: 'CORBADO_API_KEY',
  backendApi: 'CORBADO_BACKEND_API',
}
const byVariable: Naming = (option) => variables[option] ?? byOption(option)

/** @throws TypeError that names the option; no message contains the value of a credential */
export function resolveClientOptions(options: CorbadoClientOptions, nameOf: Naming = byOption): ResolvedClientOptions {
  refuseUnknownOptions('CorbadoClient', options, optionNames)
  const {
    projectId,
    timeoutMs = defaults.timeoutMs,
    verifySignedDataPath = defaults.verifySignedDataPath,
    dispatcher,
    upstreamLimit = defaults.upstreamLimit,
    backendApi = defaults.backendApi,
  } = options
  assertProjectId(projectId, nameOf('projectId'))
  if (!isWholeNumber(timeoutMs, 1, 60_000)) {
    throw wrongOption(`${nameOf('timeoutMs')} must be a whole number of milliseconds from 1 to 60000`)
  }
  if (typeof verifySignedDataPath !== 'string' || !/^(\/[A-Za-z0-9_-]+)+$/.test(verifySignedDataPath)) {
    throw wrongOption(`${nameOf('verifySignedDataPath')} must be a path such as /v2/passkey/verifySignedData`)
  }
  if (dispatcher !== undefined && typeof dispatcher?.dispatch !== 'function') {
    throw wrongOption(`${nameOf('dispatcher')} must be an undici Dispatcher`)
  }
  return {
    projectId,
    authorization: authorization(options, nameOf),
    origin: backendOrigin(backendApi, nameOf('backendApi')),
    timeoutMs,
    verifySignedDataPath,
    dispatcher,
    upstreamLimit: limitOf(upstreamLimit, nameOf('upstreamLimit')),
  }
}

/** Reads the environment. @throws TypeError that names the variable */
export function clientOptionsFromEnv(env: NodeJS.ProcessEnv): CorbadoClientOptions {
  const projectId = env.CORBADO_PROJECT_ID
  const apiSecret = env.CORBADO_API_SECRET || undefined
  const apiKey = env.CORBADO_API_KEY || undefined
  if (!projectId) throw wrongOption('CORBADO_PROJECT_ID is not set (and no option client was given)')
  if (!apiSecret && !apiKey) throw wrongOption('CORBADO_API_SECRET or CORBADO_API_KEY must be set')
  const options = { projectId, apiSecret, apiKey, backendApi: env.CORBADO_BACKEND_API || undefined }
  resolveClientOptions(options, byVariable)
  return options
}

function assertProjectId(value: unknown, name: string): void {
  if (typeof value === 'string' && /^pro-[A-Za-z0-9_-]{1,124}$/.test(value)) return
  const swapped = typeof value === 'string' && value.startsWith('corbado1_')
  throw wrongOption(`${name} must be a project ID (pro-…)${swapped ? ', but this looks like an API secret' : ''}`)
}

function authorization({ projectId, apiSecret, apiKey }: CorbadoClientOptions, nameOf: Naming): string {
  if ((apiSecret === undefined) === (apiKey === undefined)) {
    throw wrongOption(`${nameOf('apiSecret')} or ${nameOf('apiKey')} must be set, and not both`)
  }
  if (apiSecret !== undefined) {
    assertCredential(apiSecret, nameOf('apiSecret'))
    return `Basic ${Buffer.from(`${projectId}:${apiSecret}`).toString('base64')}`
  }
  assertCredential(apiKey, nameOf('apiKey'))
  return `Bearer ${apiKey}`
}

function assertCredential(value: unknown, name: string): void {
  if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value)) {
    throw wrongOption(`${name} must be a string of visible ASCII characters without white space`)
  }
}

function backendOrigin(value: unknown, name: string): string {
  if (typeof value !== 'string') throw wrongOption(`${name} must be an origin such as ${defaults.backendApi}`)
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    throw wrongOption(`${name} must start with https:// (or with http:// for loopback)`)
  }
  if (!URL.canParse(value)) throw wrongOption(`${name} must be an origin such as ${defaults.backendApi}`)
  const url = new URL(value)
  if (url.username || url.password) throw wrongOption(`${name} must not contain credentials`)
  if (url.pathname !== '/' || url.search || url.hash) {
    throw wrongOption(`${name} must be an origin without the path "${url.pathname}"; the client adds /v2`)
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw wrongOption(`${name} must use https; http is for loopback only`)
  }
  // What URL parsers repair (backslashes, numeric addresses) reads differently to people and to other programs.
  const written = value.toLowerCase().replace(/\/$/, '')
  if (written !== url.origin && written !== `${url.origin}:${url.protocol === 'https:' ? 443 : 80}`) {
    throw wrongOption(`${name} must be written as ${url.origin}`)
  }
  assertCertificatesAreChecked(url)
  return url.origin
}

/** Without this check, anybody on the network path could answer `success`. */
function assertCertificatesAreChecked({ protocol }: URL): void {
  const { NODE_ENV, NODE_TLS_REJECT_UNAUTHORIZED } = process.env
  if (protocol !== 'https:' || NODE_TLS_REJECT_UNAUTHORIZED !== '0') return
  if (NODE_ENV === 'development' || NODE_ENV === 'test') return
  throw wrongOption(
    'NODE_TLS_REJECT_UNAUTHORIZED must not be 0 unless NODE_ENV is development or test: Corbado would not be authenticated',
  )
}

function limitOf(value: UpstreamLimitOptions | false, name: string): UpstreamLimitOptions | false {
  if (value === false) return false
  refuseUnknownOptions(name, value, ['max', 'windowMs'])
  const { max, windowMs } = value
  if (!isWholeNumber(max, 1, 1_000_000)) throw wrongOption(`${name}.max must be a whole number from 1 to 1000000`)
  if (!isWholeNumber(windowMs, 10, 3_600_000)) {
    throw wrongOption(`${name}.windowMs must be a whole number of milliseconds from 10 to 3600000`)
  }
  return { max, windowMs }
}

function isWholeNumber(value: unknown, from: number, to: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)
}

function wrongOption(message: string): TypeError {
  return new TypeError(`${message}. See ${docsLink('options', 'CorbadoClient')}`)
}
