/** Sets `Date.now()` until the end of a test. `t.intercept` would note every single look at the clock. */
export function setClock(t: { teardown(restore: () => void): unknown }, startMs: number) {
  const real = Date.now
  const clock = { now: startMs }
  Date.now = () => clock.now
  t.teardown(() => {
    Date.now = real
  })
  return clock
}
