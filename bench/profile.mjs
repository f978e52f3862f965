// Where a program spends its time: the functions of a CPU profile with the most self time.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const waiting = new Set(['(idle)', '(program)', '(root)'])

/** The newest profile in a folder, as lines. */
export function topFunctions(folder, count = 25) {
  const [newest] = readdirSync(folder)
    .filter((name) => name.endsWith('.cpuprofile'))
    .toSorted()
    .reverse()
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, newest), 'utf8'))
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  const selfTime = new Map()
  let total = 0
  for (const [index, id] of samples.entries()) {
    const name = names.get(id)
    if (waiting.has(name)) continue
    total += timeDeltas[index]
    selfTime.set(name, (selfTime.get(name) ?? 0) + timeDeltas[index])
  }
  const rows = [...selfTime].toSorted(([, a], [, b]) => b - a).slice(0, count)
  return rows.map(([name, time]) => `${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}`)
}

function nameOf({ functionName, url, lineNumber }) {
  if (url === '') return functionName
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/(node_modules\/|packages\/)/, '')
  return `${functionName || '(anonymous)'}  ${file}:${lineNumber + 1}`
}
