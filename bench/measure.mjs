// The paired method: a program and its baseline at the same time on the same core, each under its own load.
import { setTimeout as sleep } from 'node:timers/promises'
import { Child, cores } from './children.mjs'
import { signIn, startLoad, startProgram, startUpstream } from './environment.mjs'
import { newToken } from './requests.mjs'

/**
 * How long to go on: at least so many milliseconds and so many requests of each program, for a busy machine takes longer
 * to compile the code that is hot.
 *
 * @typedef {{ ms: number, requests: number }} Span
 */
const longestSpanMs = 90_000

/**
 * One launch: fresh processes, a warm-up, and one measured window.
 *
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {string} name of the program beside the baseline
 * @param {{ warmUp: Span, window: Span, connections: number }} timing
 * @returns {Promise<{ ratio: number, cpuUs: number, baselineCpuUs: number }>} CPU per request in microseconds
 */
export async function launch(scenario, name, { warmUp, window, connections }) {
  const { sides, stop } = await startScenario(scenario, [scenario.baseline, name], connections)
  try {
    const started = await Promise.all(sides.map(reading))
    const before = await readingAfter(warmUp, sides, started)
    const after = await readingAfter(window, sides, before)
    const [baselineCpuUs, cpuUs] = after.map((end, index) => cpuPerRequest(before[index], end))
    return { ratio: cpuUs / baselineCpuUs, cpuUs, baselineCpuUs }
  } finally {
    await stop()
  }
}

/** Starts these programs of a scenario with everything around them, each under its own load. */
export async function startScenario(scenario, names, connections) {
  const children = []
  const stop = () => Promise.all(children.map((child) => child.stop()))
  try {
    const { upstream, env } = await startUpstream({ tls: scenario.tls })
    children.push(upstream)
    if (scenario.redis) {
      const redis = new Child('redis.mjs', { core: cores.others })
      children.push(redis)
      env.BENCH_REDIS_PORT = String((await redis.ready).port)
    }
    const sides = []
    for (const name of names) {
      const isBaseline = name === scenario.baseline
      const session = (!isBaseline && scenario.session) || 'trivial'
      const { program, port } = await startProgram(name, { env: { ...env, BENCH_SESSION: session } })
      children.push(program)
      const load = await startLoad()
      children.push(load)
      const headers = await signIn(port, session, newToken())
      const status = (isBaseline ? scenario.baselineStatus : scenario.status) ?? 200
      sides.push({ program, load, request: { port, kind: scenario.request, headers, status, connections } })
    }
    for (const { load, request } of sides) await load.ask('start', request)
    return { sides, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function readingAfter({ ms, requests }, sides, from) {
  const started = performance.now()
  for (let wait = ms; ; wait = ms / 10) {
    await sleep(wait)
    const now = await Promise.all(sides.map(reading))
    const enough = now.every(({ answers }, index) => answers - from[index].answers >= requests)
    if (enough) return now
    // A program that is not warm yet gives a ratio that looks plausible and is wrong.
    if (performance.now() - started > longestSpanMs) throw new Error('This machine is too busy to measure')
  }
}

async function reading({ program, load }) {
  const [{ cpuUs }, { answers, failure }] = await Promise.all([program.ask('usage'), load.ask('state')])
  if (failure !== undefined) throw new Error(failure)
  return { cpuUs, answers }
}

function cpuPerRequest(before, after) {
  return (after.cpuUs - before.cpuUs) / (after.answers - before.answers)
}
