// npm run bench: measures what was asked for, prints it, and keeps it where --write says so.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { pinned, pinSelf } from './children.mjs'
import { coldStartPrograms, measureColdStart } from './cold-start.mjs'
import { tlsAvailable } from './environment.mjs'
import { latencyPrograms, measureLatency } from './latency.mjs'
import { launch } from './measure.mjs'
import { measureMemory, measureReplayStore, memoryPrograms } from './memory.mjs'
import { median, round } from './numbers.mjs'
import { profileProgram } from './profile.mjs'
import { writeReport } from './report.mjs'
import { keepResults } from './results.mjs'
import { scenarios } from './scenarios.mjs'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    launches: { type: 'string' },
    requests: { type: 'string', default: '100000' },
    profile: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const timing = options.quick
  ? { launches: 1, connections: 64, warmUp: { ms: 1500, requests: 10_000 }, window: { ms: 1000, requests: 3000 } }
  : { launches: 3, connections: 64, warmUp: { ms: 1500, requests: 10_000 }, window: { ms: 1000, requests: 3000 } }
if (options.launches !== undefined) timing.launches = Number(options.launches)
const profiles = fileURLToPath(new URL('profiles', import.meta.url))

const parts = [
  ...Object.entries(scenarios).flatMap(([key, { programs }]) => Object.keys(programs).map((name) => `${key}/${name}`)),
  ...['connect-token', 'verify'].flatMap((kind) => latencyPrograms.map((name) => `latency/${kind}/${name}`)),
  ...memoryPrograms.map((name) => `memory/${name}`),
  'replay-store',
  ...coldStartPrograms.map((name) => `cold-start/${name}`),
]
/** `verify` is that part and not `verify-tls`; `verify/fastify` is one program of it. */
const isWanted = (part) =>
  options.only.length === 0 || options.only.some((prefix) => `${part}/`.startsWith(`${prefix.replace(/\/$/, '')}/`))
const wanted = parts.filter(isWanted)
const measured = { cpu: {}, latency: {}, memory: {}, coldStart: {} }

if (options.write && (options.quick || timing.launches < 3)) {
  console.error('--write keeps results of three launches or more: a single launch can be far off.')
  process.exitCode = 1
} else if (options.list) {
  console.log(parts.join('\n'))
} else if (wanted.length === 0) {
  console.error(`--only ${options.only.join(' ')} names no part. The parts are:\n${parts.join('\n')}`)
  process.exitCode = 1
} else {
  if (pinned) pinSelf()
  else console.log('Processes are not pinned to cores (no taskset, or a single core): expect noise.')
  for (const part of wanted) {
    await measure(part)
    // After each part, so that an interrupted run keeps those that it finished.
    if (options.write) keepResults(measured, timing.launches)
  }
  if (options.write) writeReport()
}

async function measure(part) {
  const [first, ...rest] = part.split('/')
  const missing = missingFor(first)
  if (missing !== undefined) return say(part, `skipped: ${missing} is not installed`)
  if (first === 'latency') {
    const [kind, name] = rest
    const { p50, p99 } = await measureLatency(name, kind, timing)
    measured.latency[kind] = { ...measured.latency[kind], [name]: { p50, p99 } }
    return say(part, `p50 ${p50} ms, p99 ${p99} ms`)
  }
  if (first === 'memory') {
    const requests = Number(options.requests)
    const { firstMb, lastMb } = await measureMemory(rest[0], requests)
    measured.memory[rest[0]] = { firstMb, lastMb, requests }
    return say(part, `${firstMb} MB after 10,000 requests, ${lastMb} MB after ${requests.toLocaleString('en')}`)
  }
  if (first === 'replay-store') {
    measured.replayStoreBytes = await measureReplayStore()
    return say(part, `${measured.replayStoreBytes} bytes per login`)
  }
  if (first === 'cold-start') {
    measured.coldStart[rest[0]] = await measureColdStart(rest[0], options.quick ? 3 : 5)
    return say(part, `${measured.coldStart[rest[0]]} ms to the first answer`)
  }
  return measureCpu(part, first, rest[0])
}

async function measureCpu(part, key, name) {
  const scenario = scenarios[key]
  if (options.profile) {
    mkdirSync(profiles, { recursive: true })
    const file = join(profiles, `${key}-${name}.cpuprofile`)
    return say(part, (await profileProgram(scenario, name, timing.connections, file)).join('\n'))
  }
  const launches = []
  for (let index = 0; index < timing.launches; index += 1) {
    launches.push(await launch(scenario, name, timing))
  }
  const ratios = launches.map(({ ratio }) => ratio)
  const result = {
    ratio: round(median(ratios), 2),
    min: round(Math.min(...ratios), 2),
    max: round(Math.max(...ratios), 2),
    cpuUs: round(median(launches.map(({ cpuUs }) => cpuUs))),
    baselineCpuUs: round(median(launches.map(({ baselineCpuUs }) => baselineCpuUs))),
  }
  measured.cpu[key] = { ...measured.cpu[key], [name]: result }
  const goal = scenario.programs[name] === null ? '' : `, goal ≤ ${scenario.programs[name]}`
  const { ratio, min, max, cpuUs, baselineCpuUs } = result
  say(part, `${ratio} × ${scenario.baseline} (${min}–${max}; ${cpuUs} µs beside ${baselineCpuUs} µs)${goal}`)
}

function missingFor(key) {
  const { tls = false, redis = false } = scenarios[key] ?? {}
  if (tls && !tlsAvailable()) return 'openssl'
  if (redis && spawnSync('redis-server', ['--version']).status !== 0) return 'redis-server'
  return undefined
}

function say(part, text) {
  console.log(`${part.padEnd(30)} ${text}`)
}
