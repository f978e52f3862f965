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

/** Sets `performance.now()`, which measures durations, until the end of a test. */
export function setMonotonicClock(t: { teardown(restore: () => void): unknown }, startMs: number) {
  const clock = { now: startMs }
  // An own property hides the method of the prototype.
  performance.now = () => clock.now
  t.teardown(() => Reflect.deleteProperty(performance, 'now'))
  return clock
}
