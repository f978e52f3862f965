import { optionError } from './option-checks.js'
import { StoreTimeout, withinStoreTimeout } from './time-limit.js'

/** After how long without an answer, in milliseconds, a connection is given up. */
export const silentHostMs = 1_000

/** An ioredis client: `Redis` or `Cluster`. */
export interface IoredisClient {
  readonly status?: string
  call(command: string, ...args: string[]): Promise<unknown>
}

/** A node-redis 5 client: what `createClient`, `createClientPool`, `createCluster` or `createSentinel` returns. */
export interface NodeRedisClient {
  readonly isReady?: boolean
  set(
    key: string,
    value: string,
    options: { expiration: { type: 'PX'; value: number }; condition: 'NX'; GET: true },
  ): Promise<unknown>
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>
  mGet(keys: string[]): Promise<unknown>
  info?(section: string): Promise<unknown>
  connect?(): Promise<unknown>
  destroy?(): void
}

/**
 * A client of your own for Redis 7 or later: ioredis or node-redis 5, detected by its methods. This package never closes
 * it. It reconnects a node-redis client whose host does not answer for a second or is no longer the primary; ioredis does
 * that by itself with the recommended settings.
 *
 * @see recommendedRedisOptions for settings that fail fast and recover by themselves
 */
export type RedisClient = IoredisClient | NodeRedisClient

/** The commands that this package uses, the same over both clients. */
export interface RedisCommands {
  /** Whether the client has a connection right now; undefined if it does not say. */
  readonly ready: boolean | undefined
  /** Sets a key that does not exist, in one atomic command. @returns null, or the value that the key has already */
  setIfAbsent(key: string, value: string, ttlMs: number): Promise<unknown>
  /** Runs a Lua script for one key. Replies of numbers may come as strings, depending on the client's settings. */
  evaluate(script: string, key: string, args: readonly string[]): Promise<unknown>
  /** The values of keys, null for each that does not exist. In a cluster, all keys must be on one node. */
  getMany(keys: readonly string[]): Promise<unknown>
  /** The section `memory` of `INFO`, or undefined if this client cannot ask for it. */
  memoryInfo(): Promise<unknown>
}

/** @throws TypeError that names `option` if it is neither client */
export function redisCommands(option: string, client: RedisClient): RedisCommands {
  if (isIoredis(client)) {
    return {
      get ready() {
        return client.status === undefined ? undefined : client.status === 'ready'
      },
      setIfAbsent: (key, value, ttlMs) => client.call('SET', key, value, 'PX', String(ttlMs), 'NX', 'GET'),
      evaluate: (script, key, args) => client.call('EVAL', script, '1', key, ...args),
      getMany: (keys) => client.call('MGET', ...keys),
      memoryInfo: () => client.call('INFO', 'memory'),
    }
  }
  if (!isNodeRedis(client)) throw optionError(option, 'must be an ioredis or node-redis 5 client')
  return {
    get ready() {
      return client.isReady
    },
    setIfAbsent: (key, value, ttlMs) =>
      watched(client, client.set(key, value, { expiration: { type: 'PX', value: ttlMs }, condition: 'NX', GET: true })),
    evaluate: (script, key, args) => watched(client, client.eval(script, { keys: [key], arguments: [...args] })),
    getMany: (keys) => watched(client, client.mGet([...keys])),
    memoryInfo: async () => client.info?.('memory'),
  }
}

/**
 * Reconnects where node-redis does not: it keeps a connection to a silent host for as long as commands are sent, and to a
 * primary that became a replica.
 */
function watched(client: NodeRedisClient, reply: Promise<unknown>): Promise<unknown> {
  withinStoreTimeout(() => reply, { timeoutMs: silentHostMs }).catch((error: unknown) => {
    if (!(error instanceof StoreTimeout) && !isReadOnly(error)) return
    // The first of many commands reconnects for all of them.
    if (client.isReady !== true || client.destroy === undefined || client.connect === undefined) return
    client.destroy()
    client.connect().catch(() => {})
  })
  return reply
}

/** Whether an error says that the host is a replica, which accepts no writes. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && error.message.includes('READONLY')
}

// Only ioredis has `call`. Both have `eval`, with different parameters.
function isIoredis(client: RedisClient): client is IoredisClient {
  return typeof client === 'object' && client !== null && 'call' in client && typeof client.call === 'function'
}

function isNodeRedis(client: NodeRedisClient): boolean {
  return (
    typeof client === 'object' &&
    client !== null &&
    typeof client.eval === 'function' &&
    typeof client.set === 'function'
  )
}

/** A number in a reply: clients can be set to return numbers as strings or bytes. NaN if it is anything else. */
export function replyNumber(reply: unknown): number {
  if (typeof reply === 'number') return reply
  return typeof reply === 'string' || typeof reply === 'bigint' || Buffer.isBuffer(reply)
    ? Number(String(reply))
    : Number.NaN
}
