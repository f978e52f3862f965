import { setTimeout as sleep } from 'node:timers/promises'

/** How long a store may take, in milliseconds, before the request is refused. */
const storeTimeoutMs = 250

/**
 * The answer of a store, if it comes within 250 ms.
 *
 * @param onLate is given an answer that comes later
 */
export async function inTime<Result>(
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
