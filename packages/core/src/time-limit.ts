import { setTimeout as sleep } from 'node:timers/promises'

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
const storeTimeoutMs = 250

/**
 * The answer of a store, if it comes within 250 ms.
 *
 * @param onLate is given an answer that comes later
 */
export async function withinStoreTimeout<Result>(
  operation: () => Result | Promise<Result>,
  onLate: (result: Result) => unknown = () => {},
): Promise<Result> {
  const result = operation()
  if (typeof result !== 'object') return result
  // Also a promise of another library than the language's own.
  const answer = (async () => result)()
  const timer = new AbortController()
  const late = sleep(storeTimeoutMs, undefined, { signal: timer.signal }).then(() => {
    answer.then(onLate, () => {})
    throw new Error('The store did not answer in time')
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    timer.abort()
    late.catch(() => {})
    answer.catch(() => {})
  }
}
