// npm run bench: measures what was asked for, and prints it.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { pinned } from './children.mjs'
import { tlsAvailable } from './environment.mjs'
import { launch } from './measure.mjs'
import { scenarios } from './scenarios.mjs'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    launches: { type: 'string' },
  },
})
const timing = options.quick
  ? { launches: 1, connections: 64, warmUp: { ms: 1500, requests: 6000 }, window: { ms: 1000, requests: 2000 } }
  : { launches: 3, connections: 64, warmUp: { ms: 2000, requests: 10_000 }, window: { ms: 1500, requests: 3000 } }
if (options.launches !== undefined) timing.launches = Number(options.launches)

const wanted = (name) => options.only.length === 0 || options.only.some((part) => name.startsWith(part))
const redisAvailable = spawnSync('redis-server', ['--version']).status === 0
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

if (!pinned) console.log('Processes are not pinned to cores (no taskset, or one core only): expect noise.')
for (const [key, scenario] of Object.entries(scenarios)) {
  const names = Object.keys(scenario.programs).filter((name) => wanted(`${key}/${name}`))
  if (names.length === 0) continue
  if (scenario.tls && !tlsAvailable()) {
    console.log(`${key}: skipped, openssl is not installed`)
    continue
  }
  if (scenario.redis && !redisAvailable) {
    console.log(`${key}: skipped, redis-server is not installed`)
    continue
  }
  console.log(`\n${scenario.title} (CPU × ${scenario.baseline})`)
  for (const name of names) {
    const launches = []
    for (let index = 0; index < timing.launches; index += 1) launches.push(await launch(scenario, name, timing))
    const ratios = launches.map(({ ratio }) => ratio)
    const goal = scenario.programs[name]
    console.log(
      `  ${name.padEnd(14)} ${median(ratios).toFixed(2)}`,
      `(${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`,
      goal === null ? '' : `goal ${goal}`,
      `${Math.round(median(launches.map(({ cpuUs }) => cpuUs)))} µs beside`,
      `${Math.round(median(launches.map(({ baselineCpuUs }) => baselineCpuUs)))} µs`,
    )
  }
}
