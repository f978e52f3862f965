/** How long `close` waits for what was let in, in milliseconds: a hook that never ends must not hold the process. */
export const closeGraceMs = 10_000

/** Waits for the end of `work`, but no longer than `graceMs`. */
export async function waitAtMost(graceMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs)
  })
  await Promise.race([work, late])
  clearTimeout(timer)
}

/** How long a store may take, in milliseconds, before the request is refused. */
export const storeTimeoutMs = 250

/** If its timer is late by more than this, in milliseconds, the event loop was blocked: a store gets as long again, once. */
const tolerableDelayMs = 10

/** A store that did not answer in time. */
export class StoreTimeout extends Error {
  override readonly name = 'StoreTimeout'
}

/**
 * Resolves with the answer of a store, or rejects with a {@link StoreTimeout} when there is none within 250 ms.
 *
 * @param limit.timeoutMs replaces the 250 ms
 * @param limit.onLate receives an answer that arrives after the limit
 */
export async function withinStoreTimeout<Result>(
  operation: () => Result | PromiseLike<Result>,
  {
    timeoutMs = storeTimeoutMs,
    onLate,
  }: { readonly timeoutMs?: number; readonly onLate?: (result: Result) => void } = {},
): Promise<Result> {
  const startedAt = performance.now()
  const answer = operation()
  if (!isPromiseLike(answer)) return answer
  return new Promise<Result>((resolve, reject) => {
    let late = false
    const giveUp = (): void => {
      late = true
      reject(new StoreTimeout('The store did not answer in time'))
    }
    // Timers run before sockets are read: an answer that arrived while the event loop was blocked is read first.
    const readSocketsThenGiveUp = (): void => void setImmediate(giveUp)
    let timer = setTimeout(() => {
      const delayMs = performance.now() - startedAt - timeoutMs
      if (delayMs <= tolerableDelayMs) return readSocketsThenGiveUp()
      // The block may also have held up the command itself: node-redis writes it one turn of the event loop later.
      timer = setTimeout(readSocketsThenGiveUp, timeoutMs)
    }, timeoutMs)
    answer.then(
      (result) => {
        clearTimeout(timer)
        if (late) onLate?.(result)
        else resolve(result)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** Accepts promises of any library or realm, not only the native ones. */
function isPromiseLike<Result>(value: Result | PromiseLike<Result>): value is PromiseLike<Result> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
