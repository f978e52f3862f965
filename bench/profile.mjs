// Where a program spends its time: a CPU profile of the warm program by itself, and its functions by self time.
import { setTimeout as sleep } from 'node:timers/promises'
import { startScenario } from './measure.mjs'

const warmUpMs = 4000
const profiledMs = 6000
const notWork = new Set(['(idle)', '(program)', '(root)'])

/**
 * Profiles one program of a scenario.
 *
 * @returns {Promise<string[]>} lines: the share of each package, then of the functions with the most self time
 */
export async function profileProgram(scenario, name, connections, file) {
  const { sides, stop } = await startScenario(scenario, [name], connections)
  try {
    const [{ program }] = sides
    await sleep(warmUpMs)
    await program.ask('startProfile')
    await sleep(profiledMs)
    return summary(await program.ask('stopProfile', { file }))
  } finally {
    await stop()
  }
}

/** Counts samples, not their time: a busy machine stretches some of them. */
function summary({ nodes, samples }) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const functions = new Map()
  const packages = new Map()
  let total = 0
  for (const id of samples) {
    const frame = frames.get(id)
    if (notWork.has(frame.functionName)) continue
    total += 1
    count(functions, functionName(frame))
    count(packages, packageName(frame))
  }
  const lines = (counts, most) =>
    [...counts]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(([key, samplesOfIt]) => `  ${((100 * samplesOfIt) / total).toFixed(1).padStart(5)} %  ${key}`)
  return [`by package (${total} samples)`, ...lines(packages, 12), 'by function', ...lines(functions, 30)]
}

function count(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function functionName({ functionName, url, lineNumber }) {
  if (url === '') return functionName
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/(node_modules\/|packages\/)/, '')
  return `${functionName || '(anonymous)'}  ${file}:${lineNumber + 1}`
}

function packageName({ functionName, url }) {
  if (functionName === '(garbage collector)') return functionName
  if (url === '' || url.startsWith('wasm:')) return 'native code'
  if (url.startsWith('node:')) return 'Node.js'
  const [, installed] = /^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  const [, ours] = /\/packages\/([^/]+)\//.exec(url) ?? []
  return installed ?? (ours === undefined ? 'bench' : `@corbado-connect/${ours}`)
}
