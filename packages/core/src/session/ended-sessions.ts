import { hash, randomBytes } from 'node:crypto'
import { CorbadoError, isCorbadoError } from '../errors.js'
import { identifierOf } from '../identifier.js'
import { assertFunction, optionError } from '../option-checks.js'
import { StoreFailures } from '../store-failures.js'
import { withinStoreTimeout } from '../time-limit.js'
import type { Revocations } from './revocations.js'
import type { SessionsToEnd } from './strategy.js'

/** How far apart the clocks of instances may be, in seconds: entries outlive the sessions by as much. */
const clockSkewSeconds = 120
/** The value of an entry that ends what its key names. */
const ended = 'ended'

/** What the entries of a session depend on. */
export interface SessionIdentity {
  readonly sub: string
  readonly jti: string
  readonly cre?: string | undefined
  readonly epoch?: string | undefined
}

/** The longest session of all strategies that share a store, in seconds: entries must outlive every one of them. */
const longestSession = new WeakMap<Revocations, number>()

/**
 * Ends sessions before their time, with three kinds of entries: a session (sign-out), a passkey of a user, and a user.
 *
 * Times cannot tell the sessions before `endSessions({ user })` from those after it: two may share a second, and the clocks
 * of instances differ. So each call gives the user a new random epoch, and a session keeps the epoch that it began with.
 * While the user has an entry, only sessions of its epoch are valid. It expires after every session of an earlier epoch.
 */
export class EndedSessions {
  readonly #store: Revocations
  readonly #failures = new StoreFailures('revocations_store')

  /** @throws TypeError that names the option */
  constructor(strategy: string, store: Revocations, maxSessionSeconds: number) {
    if (typeof store !== 'object' || store === null)
      throw optionError(
        `${strategy}.revocations`,
        'must be memoryRevocations(), redisRevocations(…) or a store of yours',
      )
    for (const method of ['put', 'getMany']) {
      assertFunction(`${strategy}.revocations.${method}`, Reflect.get(store, method))
    }
    this.#store = store
    longestSession.set(store, Math.max(longestSession.get(store) ?? 0, maxSessionSeconds))
  }

  /**
   * The epoch that a new session begins with; undefined if the sessions of this user were not ended lately.
   *
   * @throws CorbadoError `CORBADO_PASSKEY_REJECTED` if the sessions of this passkey were ended, `CORBADO_STORE_UNAVAILABLE`
   */
  async epochFor({ sub, cre }: Pick<SessionIdentity, 'sub' | 'cre'>, projectId: string | undefined) {
    const user = userTag(sub, projectId)
    const keys = cre === undefined ? [userKey(user)] : [userKey(user), passkeyKey(user, cre)]
    const [epoch, passkey] = await this.#read(keys)
    // Its sessions would be refused on the next request: a login must not seem to work.
    if (isEntry(passkey)) throw new CorbadoError('PASSKEY_REJECTED', { reason: 'passkey_revoked' })
    return epoch ?? undefined
  }

  /** Whether a session was ended. One read. @throws CorbadoError `CORBADO_STORE_UNAVAILABLE` */
  async has({ sub, jti, cre, epoch: own }: SessionIdentity, projectId: string | undefined): Promise<boolean> {
    const user = userTag(sub, projectId)
    const keys = [userKey(user), sessionKey(user, jti)]
    if (cre !== undefined) keys.push(passkeyKey(user, cre))
    const [epoch, session, passkey] = await this.#read(keys)
    return (isEntry(epoch) && epoch !== own) || isEntry(session) || isEntry(passkey)
  }

  /** Ends one session, with all its copies and renewals. @throws CorbadoError `CORBADO_STORE_UNAVAILABLE` */
  async endSession({ sub, jti }: SessionIdentity, projectId: string | undefined): Promise<void> {
    await this.#put(sessionKey(userTag(sub, projectId), jti), ended)
  }

  /** Ends the sessions of a user, or those of one passkey. @throws CorbadoError `CORBADO_STORE_UNAVAILABLE` */
  async endSessions({ user, passkeyId, projectId }: SessionsToEnd): Promise<void> {
    const tag = userTag(identifierOf(user, 'endSessions was given'), projectId)
    if (passkeyId === undefined) await this.#put(userKey(tag), randomBytes(12).toString('base64url'))
    else await this.#put(passkeyKey(tag, passkeyId), ended)
  }

  async #read(keys: readonly string[]): Promise<readonly (string | null)[]> {
    const values = await this.#inTime(() => this.#store.getMany(keys))
    if (Array.isArray(values) && values.length === keys.length) return values
    throw this.#failures.unavailable(new TypeError('getMany must return one value or null for each key'))
  }

  async #put(key: string, value: string): Promise<void> {
    const seconds = (longestSession.get(this.#store) ?? 0) + clockSkewSeconds
    await this.#inTime(() => this.#store.put(key, value, seconds * 1000))
  }

  async #inTime<Result>(operation: () => Result | Promise<Result>): Promise<Result> {
    try {
      const result = await withinStoreTimeout(operation)
      this.#failures.over()
      return result
    } catch (error) {
      throw isCorbadoError(error) ? error : this.#failures.unavailable(error)
    }
  }
}

/** Whether a store has an entry: a store of one's own may answer undefined for none. */
function isEntry(value: string | null | undefined): boolean {
  return value !== null && value !== undefined
}

// The tag hides the identifier. In braces, it keeps all keys of a user on one node of a Redis Cluster, for one MGET.
function userTag(identifier: string, projectId: string | undefined): string {
  return `{${digest([projectId ?? null, identifier])}}`
}

function userKey(user: string): string {
  return `${user}:user`
}

function sessionKey(user: string, jti: string): string {
  return `${user}:session:${digest([jti])}`
}

function passkeyKey(user: string, passkeyId: string): string {
  return `${user}:passkey:${digest([passkeyId])}`
}

/** JSON, because a plain separator could also be part of a value. */
function digest(parts: readonly (string | null)[]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url')
}
