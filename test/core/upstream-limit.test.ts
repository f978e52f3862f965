import t from 'tap'
import { clientOf, create, type Outcome, summary, verify } from './corbado-calls.js'
import { answer, startFaultServer, wellBehaved } from './fault-server.js'
import { UpstreamLimit } from './internals.js'

/** How many requests pass at each of these times, in milliseconds. */
function passed(limit: InstanceType<typeof UpstreamLimit>, isVerification: boolean, times: readonly number[]): number {
  return times.filter((now) => limit.take(isVerification, now) === 0).length
}

t.test('no period of a window sees more than the maximum', async (t) => {
  const [max, windowMs] = [50, 1000]
  const limit = new UpstreamLimit({ max, windowMs })
  const sent: number[] = []
  // Bursts, pauses, and times on both sides of every boundary.
  for (let now = 12_345; now < 40_000; now += 7 + ((now * 31) % 90)) {
    for (let burst = 0; burst < 1 + (now % 13); burst += 1) if (limit.take(false, now) === 0) sent.push(now)
  }
  t.ok(sent.length > 1000, `${sent.length} requests`)
  for (const [index, at] of sent.entries()) {
    const before = sent[index - max]
    if (before !== undefined) t.ok(at - before >= windowMs, `${at - before} ms`)
  }
})

t.test('the maximum comes back when the window has passed, and the wait that is told suffices', async (t) => {
  const limit = new UpstreamLimit({ max: 100, windowMs: 10_000 })
  const burst = Array.from({ length: 300 }, () => 5000)
  t.equal(passed(limit, false, burst), 100)
  const seconds = limit.take(false, 5000)
  t.ok(seconds >= 10 && seconds <= 11, `${seconds} s`)
  t.ok(limit.take(false, 5000 + 9000) > 0)
  t.equal(limit.take(false, 5000 + seconds * 1000), 0)
  t.equal(passed(limit, false, [1e9]), 1, 'after any pause')
  const tiny = new UpstreamLimit({ max: 1, windowMs: 10 })
  t.equal(tiny.take(false, 0), 0)
  t.equal(tiny.take(false, 5), 1, 'whole seconds, at least one')
  t.equal(tiny.take(false, 11), 0)
})

t.test('verifications use three quarters, other calls all of it', async (t) => {
  const now = Array<number>(5000).fill(1000)
  const limit = new UpstreamLimit({ max: 2000, windowMs: 10_000 })
  t.equal(passed(limit, true, now), 1500)
  t.equal(passed(limit, false, now), 500)
  t.equal(passed(limit, true, Array<number>(5000).fill(12_000)), 1500)
  const others = new UpstreamLimit({ max: 2000, windowMs: 10_000 })
  t.equal(passed(others, false, now), 2000)
  t.equal(passed(others, true, now), 0)
  t.equal(passed(new UpstreamLimit({ max: 1, windowMs: 1000 }), true, now), 1, 'a small limit lets logins pass')
})

const summaries = (outcomes: readonly Outcome[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) counts[summary(outcome)] = (counts[summary(outcome)] ?? 0) + 1
  return counts
}

t.test('above the limit nothing is sent, and forged logins leave room for connect tokens', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const client = clientOf(server, { upstreamLimit: { max: 40, windowMs: 60_000 } })
  t.teardown(() => client.close())
  const logins = await Promise.all(Array.from({ length: 100 }, () => verify(client)))
  t.same(summaries(logins), { ok: 30, '503 OVERLOADED retryable': 70 })
  const tokens = await Promise.all(Array.from({ length: 20 }, () => create(client)))
  t.same(summaries(tokens), { ok: 10, '503 OVERLOADED retryable': 10 })
  t.match(await verify(client), { reason: 'upstream_limit', retryAfterSeconds: Number })
  t.equal(server.requests.length, 40)
})

t.test('retries count, and `false` switches it off', async (t) => {
  const server = await startFaultServer(answer(500))
  t.teardown(() => server.close())
  const limited = clientOf(server, { upstreamLimit: { max: 2, windowMs: 60_000 } })
  t.equal(summary(await create(limited)), '503 OVERLOADED retryable')
  t.equal(server.requests.length, 2)
  const unlimited = clientOf(server, { upstreamLimit: false })
  await Promise.all(Array.from({ length: 2100 }, () => verify(unlimited).catch(() => {})))
  t.ok(server.requests.length > 600, 'as many as the queue holds')
  await limited.close()
  await unlimited.close()
})

t.test('the default is what Corbado allows one address', async (t) => {
  const server = await startFaultServer(wellBehaved)
  t.teardown(() => server.close())
  const client = clientOf(server)
  t.teardown(() => client.close())
  const reasons: unknown[] = []
  for (let round = 0; round < 4; round += 1) {
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => verify(client)))
    for (const outcome of outcomes) if ('reason' in outcome) reasons.push(outcome.reason)
  }
  t.equal(server.requests.length, 1500)
  t.same(new Set(reasons), new Set(['upstream_limit']))
})
