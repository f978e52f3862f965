/**
 * Remembers which login tokens are in use or were accepted, so that one token never creates two sessions.
 * It works in addition to Corbado's own single-use check.
 *
 * Every method must be atomic. If you run several instances, they must all use the same store, for example
 * `redisReplayStore`. A method that takes longer than 250 ms, or fails, makes the login fail.
 */
export interface ReplayStore {
  /**
   * Reserves `key` for `owner`, unless somebody else has reserved or used it.
   *
   * @param key a hash of the token; it contains nothing secret
   * @param owner identifies one attempt to log in
   * @param ttlMs how long the key must stay reserved, in milliseconds; longer is allowed
   * @returns true if the key now belongs to `owner`
   */
  reserve(key: string, owner: string, ttlMs: number): boolean | Promise<boolean>
  /**
   * Marks the key as used. From then on it cannot be released; it expires when the reservation would have expired.
   * Called again by the same owner (after a lost answer, for example), it must return true again.
   *
   * @returns false if the key does not belong to `owner` (any more)
   */
  markUsed(key: string, owner: string): boolean | Promise<boolean>
  /** Releases the key so that the token can be submitted again. Does nothing if it is used or belongs to somebody else. */
  release(key: string, owner: string): void | Promise<void>
  /** Frees the resources that the store itself opened. You call it: this package never closes a store that you passed. */
  close?(): void | Promise<void>
}
