import t from 'tap'
import { setMonotonicClock } from './clock.js'
import { addressKey, MemoryCounter, widerNetwork } from './internals.js'

t.test('a window counts from its first request', async (t) => {
  const clock = setMonotonicClock(t, 1000)
  const counter = new MemoryCounter()
  t.same(counter.count('a', 500), { hits: 1, leftMs: 500 })
  clock.now += 200
  t.same(counter.count('a', 500), { hits: 2, leftMs: 300 })
  t.same(counter.count('b', 500), { hits: 1, leftMs: 500 })
  clock.now += 300
  t.same(counter.count('a', 500), { hits: 1, leftMs: 500 })
})

t.test('50,000 clients at most: the one that was silent for longest is forgotten', async (t) => {
  const counter = new MemoryCounter()
  const hitsOf = (client: number): number => counter.count(`client-${client}`, 60_000).hits
  for (let client = 0; client < 50_000; client += 1) hitsOf(client)
  t.equal(hitsOf(0), 2)
  hitsOf(50_000)
  t.equal(hitsOf(0), 3, 'it was not silent')
  t.equal(hitsOf(1), 1, 'it was')
})

t.test('the /56 around a /64', async (t) => {
  const networks: [address: string, wider: string | undefined][] = [
    ['2001:db8:0:1ff::1', '2001:db8:0:100::/56'],
    ['2001:db8:0:100::1', '2001:db8:0:100::/56'],
    ['2001:db8:0:ff::1', '2001:db8:0:0::/56'],
    ['2001:db8::1', '2001:db8:0:0::/56'],
    ['2001:db8:0:abcd:1:2:3:4', '2001:db8:0:ab00::/56'],
    ['::1', '0:0:0:0::/56'],
    ['1.2.3.4', undefined],
    ['::ffff:1.2.3.4', undefined],
    ['not an address::/64', undefined],
  ]
  for (const [address, wider] of networks) {
    const expected = wider === undefined ? undefined : `verify:ip:${wider}`
    t.equal(widerNetwork(`verify:ip:${addressKey(address)}`), expected, address)
  }
  t.equal(widerNetwork('connectToken:user:2001:db8:0:1::/64'), undefined, 'a user whose identifier looks like one')
})
