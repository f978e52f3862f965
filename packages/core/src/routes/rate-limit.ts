import { isIP } from 'node:net'
import { CorbadoError } from '../errors.js'
import { assertWholeNumber, optionError, refuseUnknownOptions } from '../option-checks.js'
import { type RedisClient, redisCommands } from '../redis-client.js'

/** At most `max` requests in `windowMs` milliseconds. */
export interface RateLimit {
  readonly max: number
  /** The length of a window in milliseconds. */
  readonly windowMs: number
}

/** The limits of the two routes. */
export interface RateLimitOptions {
  /** Per user; without a user, per address as for `verify`. Default: 30 a minute. */
  readonly connectToken?: RateLimit | undefined
  /**
   * Per IPv4 address or IPv6 /64; all networks of an IPv6 /56 together may use four times as much. Default: 300 a minute,
   * because everybody in an office shares one address.
   */
  readonly verify?: RateLimit | undefined
  /** An ioredis or node-redis 5 client. With it, several instances count together. Default: each process counts in memory. */
  readonly redis?: RedisClient | undefined
  /**
   * What happens to requests while Redis does not answer: `refuse` answers 503 `CORBADO_STORE_UNAVAILABLE`, `allow` lets
   * each process count in its own memory. It does not affect the replay store. Default: `refuse`.
   */
  readonly whenRedisFails?: 'refuse' | 'allow' | undefined
}

/** Checked limits. */
export interface ResolvedRateLimit {
  readonly connectToken: RateLimit
  readonly verify: RateLimit
  readonly redis: RedisClient | undefined
  readonly whenRedisFails: 'refuse' | 'allow'
}

const defaults = {
  connectToken: { max: 30, windowMs: 60_000 },
  verify: { max: 300, windowMs: 60_000 },
} as const
/** Longer than any spelling of an address. */
const maxAddressLength = 64

/** @throws TypeError that names the option */
export function resolveRateLimit(option: RateLimitOptions | false | undefined): ResolvedRateLimit | false {
  if (option === false) return false
  if (option === undefined) return { ...defaults, redis: undefined, whenRedisFails: 'refuse' }
  refuseUnknownOptions('corbadoConnect.rateLimit', option, ['connectToken', 'verify', 'redis', 'whenRedisFails'])
  const { connectToken = defaults.connectToken, verify = defaults.verify, redis, whenRedisFails = 'refuse' } = option
  for (const [name, limit] of Object.entries({ connectToken, verify })) {
    refuseUnknownOptions(`corbadoConnect.rateLimit.${name}`, limit, ['max', 'windowMs'])
    assertWholeNumber(`corbadoConnect.rateLimit.${name}.max`, limit.max, 1, 1_000_000)
    assertWholeNumber(`corbadoConnect.rateLimit.${name}.windowMs`, limit.windowMs, 1, 24 * 3600 * 1000)
  }
  if (redis !== undefined) redisCommands('corbadoConnect.rateLimit.redis', redis)
  if (whenRedisFails !== 'refuse' && whenRedisFails !== 'allow')
    throw optionError('corbadoConnect.rateLimit.whenRedisFails', "must be 'refuse' or 'allow'")
  return { connectToken: { ...connectToken }, verify: { ...verify }, redis, whenRedisFails }
}

/**
 * The part of an address that requests are counted for: an IPv4 address, or the /64 from which an IPv6 host can choose its
 * address. What is not an address is cut to 64 characters.
 */
export function addressKey(ip: string): string {
  // Some proxies (Azure's) append a port, which differs on every connection.
  const withoutPort = ip
    .slice(0, maxAddressLength)
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/^\[([^\]]*)\](:\d+)?$/, '$1')
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

/** The key of the /56 around the IPv6 /64 of a key: its holder can choose among 256 of them. Undefined for other keys. */
export function widerNetwork(key: string): string | undefined {
  if (!key.endsWith('::/64')) return undefined
  // A user's identifier may look like an address; its key does not begin like this.
  const match = /^(\w+:ip:(?:[0-9a-f]+:){3})([0-9a-f]+)::\/64$/.exec(key)
  if (match === null) return undefined
  const [, front, last = ''] = match
  return `${front}${(Number.parseInt(last, 16) & 0xff00).toString(16)}::/56`
}

function ipv4Of(high: string, low: string): string {
  return Buffer.from(high.padStart(4, '0') + low.padStart(4, '0'), 'hex').join('.')
}

/** The error for a client that exceeds its limit. @param retryAfterMs milliseconds until the window ends */
export function rateLimited(retryAfterMs: number): CorbadoError {
  const retryAfterSeconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return new CorbadoError('RATE_LIMITED', { reason: 'rate_limit', retryAfterSeconds })
}
