import { isIP } from 'node:net'
import { CorbadoError } from '../errors.js'
import { assertWholeNumber, optionError, refuseUnknownOptions } from '../option-checks.js'

/** At most `max` requests in `windowMs` milliseconds. */
export interface RateLimit {
  readonly max: number
  /** Milliseconds. */
  readonly windowMs: number
}

/** Limits of the two routes. */
export interface RateLimitOptions {
  /** Per user; without one, per IP address. Default 30 a minute. */
  readonly connectToken?: RateLimit | undefined
  /** Per IP address: an office shares one. Default 300 a minute. */
  readonly verify?: RateLimit | undefined
  /** An ioredis client, so that several instances count together. It is never closed by us. */
  readonly redis?: RateLimitRedis | undefined
}

/** What an adapter's limiter needs of an ioredis client. */
export interface RateLimitRedis {
  call(command: string, ...args: string[]): Promise<unknown>
}

/** Checked limits. */
export interface ResolvedRateLimit {
  readonly connectToken: RateLimit
  readonly verify: RateLimit
  readonly redis: RateLimitRedis | undefined
}

const defaults = {
  connectToken: { max: 30, windowMs: 60_000 },
  verify: { max: 300, windowMs: 60_000 },
} as const

/** @throws TypeError that names the option */
export function resolveRateLimit(option: RateLimitOptions | false | undefined): ResolvedRateLimit | false {
  if (option === false) return false
  if (option === undefined) return { ...defaults, redis: undefined }
  refuseUnknownOptions('corbadoConnect.rateLimit', option, ['connectToken', 'verify', 'redis'])
  const { connectToken = defaults.connectToken, verify = defaults.verify, redis } = option
  for (const [name, limit] of Object.entries({ connectToken, verify })) {
    refuseUnknownOptions(`corbadoConnect.rateLimit.${name}`, limit, ['max', 'windowMs'])
    assertWholeNumber(`corbadoConnect.rateLimit.${name}.max`, limit.max, 1, 1_000_000)
    assertWholeNumber(`corbadoConnect.rateLimit.${name}.windowMs`, limit.windowMs, 1, 24 * 3600 * 1000)
  }
  if (redis !== undefined && typeof redis?.call !== 'function')
    throw optionError('corbadoConnect.rateLimit.redis', 'must be an ioredis client')
  return { connectToken: { ...connectToken }, verify: { ...verify }, redis }
}

/** Whom requests of an address are counted for: an IPv4 address, or the /64 that an IPv6 host can choose from. */
export function addressKey(ip: string): string {
  // Some proxies (Azure's) write a port behind it, which is another one on every connection.
  const withoutPort = ip.replace(/^([\d.]+):\d+$/, '$1').replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
  const address = withoutPort.replace(/%.*$/, '')
  if (isIP(address) !== 6) return address
  // The URL parser writes every spelling of an IPv6 address in one way.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical)
  if (mapped !== null) return ipv4Of(mapped[1] ?? '', mapped[2] ?? '')
  const [head = '', tail] = canonical.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
  return `${[...front, ...zeros, ...back].slice(0, 4).join(':')}::/64`
}

function ipv4Of(high: string, low: string): string {
  return Buffer.from(high.padStart(4, '0') + low.padStart(4, '0'), 'hex').join('.')
}

/** Too many requests of one client. @param retryAfterMs until the window ends, in milliseconds */
export function rateLimited(retryAfterMs: number): CorbadoError {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return new CorbadoError('RATE_LIMITED', { reason: 'rate_limit', retryAfterSeconds })
}

/** What counts failed: nobody passes uncounted. */
export function limiterFailed(cause: unknown): CorbadoError {
  return new CorbadoError('STORE_UNAVAILABLE', { reason: 'rate_limit_store', cause })
}
