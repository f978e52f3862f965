import { isReadOnly, silentHostMs } from './redis-client.js'

/** Settings for ioredis' `new Redis(…)`. */
export interface RecommendedIoredisOptions {
  readonly enableOfflineQueue: false
  readonly maxRetriesPerRequest: 0
  readonly connectTimeout: number
  readonly socketTimeout: number
  readonly retryStrategy: (times: number) => number
  readonly reconnectOnError: (error: Error) => boolean
}

/** Settings for node-redis' `createClient(…)`. */
export interface RecommendedNodeRedisOptions {
  readonly disableOfflineQueue: true
  readonly pingInterval: number
  readonly socket: {
    readonly connectTimeout: number
    readonly socketTimeout: number
    readonly reconnectStrategy: (retries: number) => number
  }
}

/** The return type of {@link recommendedRedisOptions} per client. */
export interface RecommendedRedisOptions {
  readonly ioredis: RecommendedIoredisOptions
  readonly 'node-redis': RecommendedNodeRedisOptions
}

const maxReconnectDelayMs = 500

const reconnectDelayMs = (attempts: number): number => Math.min(50 * attempts, maxReconnectDelayMs)

const recommended: { readonly [Client in keyof RecommendedRedisOptions]: () => RecommendedRedisOptions[Client] } = {
  ioredis: () => ({
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: silentHostMs,
    socketTimeout: silentHostMs,
    retryStrategy: reconnectDelayMs,
    // A primary that became a replica refuses writes until the client connects to the new primary.
    reconnectOnError: isReadOnly,
  }),
  'node-redis': () => ({
    disableOfflineQueue: true,
    pingInterval: silentHostMs / 2,
    socket: {
      connectTimeout: silentHostMs,
      socketTimeout: silentHostMs,
      reconnectStrategy: reconnectDelayMs,
    },
  }),
}

/**
 * Returns the client settings that this package is tested with. They make commands fail at once while Redis is away,
 * detect a host that went silent within a second, and reconnect by themselves within half a second of its return.
 *
 * ```ts
 * const redis = new Redis(url, recommendedRedisOptions('ioredis'))
 * const redis = createClient({ url, ...recommendedRedisOptions('node-redis') })
 * ```
 *
 * Requests that arrive before the client is connected are refused, so wait for it before you listen:
 * `await once(redis, 'ready')` (ioredis) or `await redis.connect()` (node-redis).
 *
 * Do not add a command timeout: the replay store and the rate limiter have their own, and a client's timer also fires
 * when the answer has arrived but the process was busy.
 *
 * @throws TypeError if `client` is anything else
 */
export function recommendedRedisOptions<Client extends keyof RecommendedRedisOptions>(
  client: Client,
): RecommendedRedisOptions[Client] {
  if (!Object.hasOwn(recommended, client))
    throw new TypeError("recommendedRedisOptions: client must be 'ioredis' or 'node-redis'")
  return recommended[client]()
}
