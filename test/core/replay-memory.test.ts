import assert from 'node:assert/strict'
import { memoryReplayStore } from '@corbado-connect/core'
import fc from 'fast-check'
import t from 'tap'
import { setClock, setMonotonicClock } from './clock.js'

const ttlMs = 480_000
/** Entries are dropped in slices: they may live this much longer than they must. */
const sliceMs = 30_000
const full = { code: 'CORBADO_STORE_UNAVAILABLE', statusCode: 503, retryable: true, retryAfterSeconds: 30 }

t.test('one owner at a time; used is final', async (t) => {
  const store = memoryReplayStore()
  t.equal(store.reserve('a', 'jane', ttlMs), true)
  t.equal(store.reserve('a', 'joe', ttlMs), false)
  t.equal(store.reserve('a', 'jane', ttlMs), false, 'not even twice by the same owner')
  t.equal(store.reserve('b', 'joe', ttlMs), true, 'other keys are not affected')
  store.release('a', 'joe')
  t.equal(store.reserve('a', 'joe', ttlMs), false, 'only the owner can release')
  store.release('a', 'jane')
  t.equal(store.reserve('a', 'joe', ttlMs), true)
  store.release('a', 'jane')
  t.equal(store.markUsed('a', 'jane'), false, 'the previous owner has lost it')
  t.equal(store.markUsed('a', 'joe'), true)
  t.equal(store.markUsed('a', 'joe'), true, 'repeatable by the same owner')
  t.equal(store.markUsed('a', 'jane'), false)
  store.release('a', 'joe')
  t.equal(store.reserve('a', 'jim', ttlMs), false)
  t.equal(store.markUsed('c', 'jim'), false)
  store.release('c', 'jim')
  for (const key of ['__proto__', 'constructor', '']) {
    t.equal(store.reserve(key, 'jim', ttlMs), true)
    t.equal(store.reserve(key, 'joe', ttlMs), false)
  }
})

t.test('a reservation ends after its time, used or not', async (t) => {
  const clock = setMonotonicClock(t, 1000)
  const store = memoryReplayStore()
  const keys = ['reserved', 'used']
  for (const key of keys) store.reserve(key, 'jane', ttlMs)
  store.markUsed('used', 'jane')
  clock.now += ttlMs - 1
  for (const key of keys) t.equal(store.reserve(key, 'joe', ttlMs), false)
  clock.now += sliceMs + 1
  for (const key of keys) t.equal(store.reserve(key, 'joe', ttlMs), true)
  t.equal(store.markUsed('reserved', 'jane'), false)
  t.equal(store.markUsed('reserved', 'joe'), true)
})

t.test('the wall clock does not matter', async (t) => {
  const clock = setClock(t, 1_800_000_000_000)
  const store = memoryReplayStore()
  store.reserve('reserved', 'jane', ttlMs)
  store.reserve('used', 'jane', ttlMs)
  store.markUsed('used', 'jane')
  for (const jumpMs of [600_000, 24 * 3600_000, -7 * 24 * 3600_000]) {
    clock.now += jumpMs
    for (const key of ['reserved', 'used']) t.equal(store.reserve(key, 'joe', ttlMs), false, `${jumpMs} ms`)
  }
})

t.test('refuses when it is full, and drops no live entry', async (t) => {
  const clock = setMonotonicClock(t, 0)
  const store = memoryReplayStore({ maxEntries: 3 })
  for (const key of ['a', 'b', 'c']) t.equal(store.reserve(key, 'jane', ttlMs), true)
  for (let index = 0; index < 10; index += 1) t.throws(() => store.reserve(`more-${index}`, 'joe', ttlMs), full)
  for (const key of ['a', 'b', 'c']) t.equal(store.reserve(key, 'joe', ttlMs), false)
  store.release('b', 'jane')
  store.release('b', 'jane')
  t.equal(store.reserve('d', 'joe', ttlMs), true, 'a release makes room, once')
  t.throws(() => store.reserve('e', 'joe', ttlMs), full)
  t.equal(store.markUsed('d', 'joe'), true)
  t.throws(() => store.reserve('e', 'joe', ttlMs), full, 'a used token takes as much room as a reserved one')
  clock.now += ttlMs + sliceMs
  for (const key of ['e', 'f', 'g']) t.equal(store.reserve(key, 'joe', ttlMs), true, 'expiry makes room')
  t.throws(() => store.reserve('h', 'joe', ttlMs), full)
})

t.test('keeps a part for accepted tokens: 95 % for reservations, 100 % in all', async (t) => {
  const store = memoryReplayStore({ maxEntries: 100 })
  const reserve = (count: number, name: string): void => {
    for (let index = 0; index < count; index += 1) t.equal(store.reserve(`${name}-${index}`, 'jane', ttlMs), true)
  }
  reserve(95, 'unverified')
  t.throws(() => store.reserve('one more', 'jane', ttlMs), full)
  for (let index = 0; index < 5; index += 1) t.equal(store.markUsed(`unverified-${index}`, 'jane'), true)
  reserve(5, 'later')
  t.throws(() => store.reserve('one more', 'jane', ttlMs), full)
})

t.test('holds 100,000 by default, and all of them expire', async (t) => {
  const clock = setMonotonicClock(t, 0)
  const store = memoryReplayStore()
  const fill = (owner: string): number => {
    let accepted = 0
    for (let index = 0; index < 100_000; index += 1) {
      clock.now += 2
      store.reserve(`key-${index}`, owner, ttlMs)
      if (store.markUsed(`key-${index}`, owner)) accepted += 1
    }
    return accepted
  }
  t.equal(fill('jane'), 100_000)
  t.throws(() => store.reserve('one more', 'jane', ttlMs), full)
  t.equal(store.reserve('key-0', 'joe', ttlMs), false)
  clock.now += ttlMs + sliceMs
  t.equal(fill('joe'), 100_000, 'all of them made room')
})

t.test('wrong options are refused by name', async (t) => {
  for (const maxEntries of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => memoryReplayStore({ maxEntries }), { name: 'TypeError', message: /maxEntries/ }, String(maxEntries))
  }
  for (const options of [{ maxEntries: '3' }, { maxEntrys: 3 }, null]) {
    t.throws(() => Reflect.apply(memoryReplayStore, undefined, [options]), TypeError)
  }
})

t.test('property: it does what a list of reservations would do', async (t) => {
  const owner = fc.constantFrom('jane', 'joe')
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const operation = fc.oneof(
    fc.record({ do: fc.constant('reserve' as const), key, owner, ttl: fc.integer({ min: 1, max: 100_000 }) }),
    fc.record({ do: fc.constantFrom('markUsed' as const, 'release' as const), key, owner }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 70_000 }) }),
  )
  const clock = setMonotonicClock(t, 0)
  const behavesLikeAList = fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
    const store = memoryReplayStore({ maxEntries: 4 })
    const list = new Map<string, { owner: string; until: number; used: boolean }>()
    for (const step of operations) {
      if (step.do === 'wait') {
        clock.now += step.ms
        continue
      }
      const known = list.get(step.key)
      const live = known !== undefined && known.until > clock.now ? known : undefined
      if (step.do === 'reserve') {
        assert.equal(store.reserve(step.key, step.owner, step.ttl), live === undefined)
        const until = Math.ceil((clock.now + step.ttl) / sliceMs) * sliceMs
        if (live === undefined) list.set(step.key, { owner: step.owner, until, used: false })
      } else if (live !== undefined) {
        const owned = live.owner === step.owner
        if (step.do === 'markUsed') {
          assert.equal(store.markUsed(step.key, step.owner), owned)
          live.used ||= owned
        } else {
          store.release(step.key, step.owner)
          if (owned && !live.used) list.delete(step.key)
        }
      }
    }
  })
  t.doesNotThrow(() => fc.assert(behavesLikeAList, { numRuns: 1000 }))
})
