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
