/**
 * Remembers which sessions were ended before their time. Use `memoryRevocations` or `redisRevocations`, or write your own
 * over any store of keys and values.
 *
 * Keys and values are opaque, printable ASCII of at most 150 characters; they contain no identifier of a user. All
 * instances of your application must use the same store. A call that fails, or takes longer than 250 ms, makes the
 * request fail with `CORBADO_STORE_UNAVAILABLE`.
 */
export interface Revocations {
  /**
   * Stores a value, or replaces the one that the key has. The next `getMany` of any instance must return it.
   *
   * @param ttlMs how long to keep it, in milliseconds; longer is allowed. A key that lives longer already must not be
   *   shortened.
   */
  put(key: string, value: string, ttlMs: number): void | Promise<void>
  /** Returns the values of the keys, in the same order, with null for a key that has none. One round trip. */
  getMany(keys: readonly string[]): readonly (string | null)[] | Promise<readonly (string | null)[]>
}
