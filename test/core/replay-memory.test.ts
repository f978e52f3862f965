import assert from 'node:assert/strict'
import { memoryReplayStore } from '@corbado-connect/core'
import fc from 'fast-check'
import t from 'tap'
import { setClock } from './clock.js'

const ttlMs = 360_000
const full = { code: 'CORBADO_STORE_UNAVAILABLE', statusCode: 503, retryable: true }

t.test('one owner at a time; used is for good', async (t) => {
  const store = memoryReplayStore()
  t.equal(store.reserve('a', 'jane', ttlMs), true)
  t.equal(store.reserve('a', 'joe', ttlMs), false)
  t.equal(store.reserve('a', 'jane', ttlMs), false, 'not even twice by the same owner')
  t.equal(store.reserve('b', 'joe', ttlMs), true, 'keys do not disturb each other')
  store.release('a', 'joe')
  t.equal(store.reserve('a', 'joe', ttlMs), false, 'released by its owner only')
  store.release('a', 'jane')
  t.equal(store.reserve('a', 'joe', ttlMs), true)
  store.release('a', 'jane')
  t.equal(store.markUsed('a', 'jane'), false, 'the late first owner has nothing any more')
  t.equal(store.markUsed('a', 'joe'), true)
  t.equal(store.markUsed('a', 'joe'), false)
  store.release('a', 'joe')
  t.equal(store.reserve('a', 'jim', ttlMs), false)
  t.equal(store.markUsed('c', 'jim'), false)
  store.release('c', 'jim')
  for (const key of ['__proto__', 'constructor', '']) {
    t.equal(store.reserve(key, 'jim', ttlMs), true)
    t.equal(store.reserve(key, 'joe', ttlMs), false)
  }
})

t.test('a reservation ends with its time, used or not', async (t) => {
  const clock = setClock(t, 1_800_000_000_000)
  const store = memoryReplayStore()
  for (const key of ['reserved', 'used']) store.reserve(key, 'jane', ttlMs)
  store.markUsed('used', 'jane')
  clock.now += ttlMs - 1
  for (const key of ['reserved', 'used']) t.equal(store.reserve(key, 'joe', ttlMs), false)
  clock.now -= 3_600_000
  for (const key of ['reserved', 'used'])
    t.equal(store.reserve(key, 'joe', ttlMs), false, 'a clock set back frees nothing')
  clock.now += 3_600_000 + 1
  for (const key of ['reserved', 'used']) t.equal(store.reserve(key, 'joe', ttlMs), true)
  t.equal(store.markUsed('reserved', 'jane'), false)
  t.equal(store.markUsed('reserved', 'joe'), true)
})

t.test('full: refuses, and drops nothing that lives', async (t) => {
  const clock = setClock(t, 1_800_000_000_000)
  const store = memoryReplayStore({ maxEntries: 3 })
  for (const key of ['a', 'b', 'c']) t.equal(store.reserve(key, 'jane', ttlMs), true)
  for (let index = 0; index < 10; index += 1) t.throws(() => store.reserve(`more-${index}`, 'joe', ttlMs), full)
  for (const key of ['a', 'b', 'c']) t.equal(store.reserve(key, 'joe', ttlMs), false)
  store.release('b', 'jane')
  t.equal(store.reserve('d', 'joe', ttlMs), true, 'what is given back makes room')
  t.throws(() => store.reserve('e', 'joe', ttlMs), full)
  clock.now += ttlMs + 30_000
  for (const key of ['e', 'f', 'g']) t.equal(store.reserve(key, 'joe', ttlMs), true, 'so does what has expired')
  t.throws(() => store.reserve('h', 'joe', ttlMs), full)
})

t.test('holds 100,000 by default', async (t) => {
  const clock = setClock(t, 1_800_000_000_000)
  const store = memoryReplayStore()
  const reserveAll = (owner: string): number => {
    let reserved = 0
    for (let index = 0; index < 100_000; index += 1) {
      clock.now += 2
      if (store.reserve(`key-${index}`, owner, ttlMs)) reserved += 1
    }
    return reserved
  }
  t.equal(reserveAll('jane'), 100_000)
  t.throws(() => store.reserve('one more', 'jane', ttlMs), full)
  t.equal(store.reserve('key-0', 'joe', ttlMs), false)
  clock.now += ttlMs + 30_000
  t.equal(reserveAll('joe'), 100_000, 'all of them made room')
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
    fc.record({ do: fc.constant('reserve' as const), key, owner, ttl: fc.nat({ max: 100_000 }) }),
    fc.record({ do: fc.constantFrom('markUsed' as const, 'release' as const), key, owner }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max: 70_000 }) }),
  )
  const clock = setClock(t, 0)
  const behavesLikeAList = fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
    clock.now = 1_800_000_000_000
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
        if (live === undefined) list.set(step.key, { owner: step.owner, until: clock.now + step.ttl, used: false })
      } else if (live !== undefined) {
        const owned = live.owner === step.owner && !live.used
        if (step.do === 'markUsed') {
          assert.equal(store.markUsed(step.key, step.owner), owned)
          live.used ||= owned
        } else {
          store.release(step.key, step.owner)
          if (owned) list.delete(step.key)
        }
      }
    }
  })
  t.doesNotThrow(() => fc.assert(behavesLikeAList, { numRuns: 1000 }))
})
