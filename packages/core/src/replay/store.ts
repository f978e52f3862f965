/**
 * The second lock on single use: one reservation per token, whoever asks first. Corbado's own single use is the first.
 * Every method must be atomic. A store that several instances share must be one (Redis), not a copy each.
 */
export interface ReplayStore {
  /**
   * Reserves `key` for `owner`.
   *
   * @param ttlMs how long nobody else may have it, in milliseconds
   * @returns false where it is reserved or used already
   */
  reserve(key: string, owner: string, ttlMs: number): boolean | Promise<boolean>
  /**
   * Marks a reservation as used, for good.
   *
   * @returns false where the reservation is not this owner's any more
   */
  markUsed(key: string, owner: string): boolean | Promise<boolean>
  /** Gives a reservation back; does nothing where it is not this owner's or is used. */
  release(key: string, owner: string): void | Promise<void>
  /** Frees what the store itself opened. */
  close?(): void | Promise<void>
}
