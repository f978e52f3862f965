import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { ada } from '../support/people.js'
import { type Answer, browser, logIn } from '../support/requests.js'
import { frameworks } from '../support/servers.js'
import { runChild } from './child.js'
import { contract, optionsFor, type Scene } from './contract.js'

// Which requests count as requests of one client.

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const minute = 60_000

/** A 429 at the beginning of a window of one minute. */
function limited({ t, refused }: Scene, name: string, answer: Answer): void {
  const { 'retry-after': retryAfter, ...headers } = answer.headers
  t.ok(Number(retryAfter) > 50 && Number(retryAfter) <= 60, `${name}: Retry-After ${retryAfter}`)
  refused(name, { ...answer, headers }, 'RATE_LIMITED')
}

const times = <Result>(count: number, run: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)))

contract('addresses without a trusted proxy', async (scene) => {
  const { t, start } = scene
  const app = await start(optionsFor(upstream, { rateLimit: { verify: { max: 3, windowMs: minute } } }))
  for (const [index, name] of [
    'x-forwarded-for',
    'forwarded',
    'x-real-ip',
    'cf-connecting-ip',
    'true-client-ip',
  ].entries()) {
    const headers = { ...browser, [name]: name === 'forwarded' ? `for=9.9.9.${index}` : `9.9.9.${index}` }
    const answer = await logIn(app, 'malformed', headers)
    if (index < 3) t.equal(answer.status, 400, name)
    else limited(scene, `${name} changes nothing`, answer)
  }
})

contract('addresses behind a trusted proxy', async (scene) => {
  const { t, start, see } = scene
  const same: [name: string, addresses: string[]][] = [
    ['one IPv4 address in all its spellings', ['1.2.3.4', '::ffff:1.2.3.4', '::ffff:102:304']],
    [
      'a /64',
      ['2001:db8:0:1::1', '2001:db8:0:1:ffff:ffff:ffff:ffff', '2001:DB8::1:0:0:1.2.3.4', '2001:0db8:0000:0001::2'],
    ],
    ['the last address that was not ours', ['1.1.1.1, 5.6.7.8', '2.2.2.2, 5.6.7.8', '5.6.7.8, 127.0.0.1']],
    ['a link-local address', ['fe80::1', 'fe80::2']],
    ['no address', ['garbage', 'garbage', 'garbage']],
  ]
  for (const [name, addresses] of same) {
    const app = await start(optionsFor(upstream, { rateLimit: { verify: { max: 1, windowMs: minute } } }), {
      trustProxy: 'loopback',
    })
    const statuses: number[] = []
    for (const address of [...addresses, '99.9.9.9']) {
      statuses.push((await logIn(app, 'malformed', { ...browser, 'x-forwarded-for': address })).status)
    }
    t.strictSame(statuses, [400, ...addresses.slice(1).map(() => 429), 400], name)
    see(name, statuses)
  }
  const app = await start(optionsFor(upstream, { rateLimit: { verify: { max: 2, windowMs: minute } } }), {
    trustProxy: 'loopback',
  })
  const attacker = { ...browser, 'x-forwarded-for': '6.6.6.6' }
  const flood = await times(20, async () =>
    logIn(app, await upstream.signIn(ada.identifier, { signedBy: 'stranger' }), attacker),
  )
  t.strictSame(
    flood
      .map(({ status }) => status)
      .sort()
      .slice(0, 3),
    [401, 401, 429],
  )
  const victim = await logIn(app, await upstream.signIn(ada.identifier), { ...browser, 'x-forwarded-for': '7.7.7.7' })
  t.equal(victim.status, 200, 'a flood in the name of a user locks nobody out')
  see('victim', victim.json)
})

contract('an IPv6 /56, behind a trusted proxy', async (scene) => {
  const { t, start, see } = scene
  const setUp = () =>
    start(optionsFor(upstream, { rateLimit: { verify: { max: 3, windowMs: minute } } }), { trustProxy: 'loopback' })
  const statusOf = async (app: Awaited<ReturnType<typeof start>>, address: string): Promise<number> =>
    (await logIn(app, 'malformed', { ...browser, 'x-forwarded-for': address })).status
  const network = (index: number): string => `2001:db8:0:1${index.toString(16).padStart(2, '0')}`

  const app = await setUp()
  const statuses: number[] = []
  for (let index = 0; index < 40; index += 1) statuses.push(await statusOf(app, `${network(index)}::1`))
  t.strictSame(statuses, [...Array(12).fill(400), ...Array(28).fill(429)], 'four times the limit for all of them')
  t.equal(await statusOf(app, '2001:db8:0:200::1'), 400, 'another /56')
  t.equal(await statusOf(app, '9.9.9.9'), 400, 'IPv4')

  const other = await setUp()
  const flood: number[] = []
  for (let index = 0; index < 16; index += 1) flood.push(await statusOf(other, `${network(0)}::${index.toString(16)}`))
  t.strictSame(flood, [...Array(3).fill(400), ...Array(13).fill(429)])
  const neighbors: number[] = []
  for (let index = 1; index < 4; index += 1) neighbors.push(await statusOf(other, `${network(index)}::1`))
  t.strictSame(neighbors, [400, 400, 400], 'a flood from one /64 does not use up what its neighbors share')
  see('statuses', { statuses, flood, neighbors })
})

t.test('proxies that are not trusted, or all trusted, are warned of once in a process', async (t) => {
  const rows: [trustProxy: string, express: string, fastify: string][] = [
    ['false', 'CORBADO_UNTRUSTED_PROXY\n', 'CORBADO_UNTRUSTED_PROXY\n'],
    ['"10.0.0.1"', 'CORBADO_UNTRUSTED_PROXY\n', 'CORBADO_UNTRUSTED_PROXY\n'],
    ['true', 'CORBADO_EVERY_PROXY_TRUSTED\n', 'CORBADO_EVERY_PROXY_TRUSTED\n'],
    ['"127.0.0.1"', '', ''],
    ['1', '', 'CORBADO_TRUST_PROXY_HOPS\nCORBADO_UNTRUSTED_PROXY\n'],
  ]
  for (const [index, { name }] of frameworks.entries()) {
    for (const [trustProxy, express, fastify] of rows) {
      const child = runChild('./proxy-warning.js', [String(index), upstream.url, trustProxy])
      const { exitCode, stdout, stderr } = await child.ended
      t.equal(exitCode, 0, stderr)
      t.equal(stdout, name === 'Fastify 5' ? fastify : express, `${name}: ${trustProxy}`)
    }
  }
})
