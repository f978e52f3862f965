// Results are kept per major version of Node.js, so that the report can show several.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'

const folder = new URL('results/', import.meta.url)
const major = process.versions.node.split('.')[0]

/** All kept results, oldest Node.js first. */
export function readResults() {
  mkdirSync(folder, { recursive: true })
  const files = readdirSync(folder).filter((name) => /^node\d+\.json$/.test(name))
  const results = files.map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')))
  return results.toSorted((a, b) => Number.parseInt(a.node, 10) - Number.parseInt(b.node, 10))
}

/** Adds what this run measured to the kept results of this version of Node.js; parts that were not measured stay. */
export function keepResults(measured, launches) {
  const kept = readResults().find(({ node }) => node.split('.')[0] === major) ?? {}
  const result = {
    node: process.versions.node,
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
    launches,
    cpu: merge(kept.cpu, measured.cpu),
    latency: merge(kept.latency, measured.latency),
    memory: { ...kept.memory, ...measured.memory },
    replayStoreBytes: measured.replayStoreBytes ?? kept.replayStoreBytes,
    coldStart: { ...kept.coldStart, ...measured.coldStart },
  }
  writeFileSync(new URL(`node${major}.json`, folder), `${JSON.stringify(result, null, 2)}\n`)
}

function merge(kept = {}, measured = {}) {
  const names = new Set([...Object.keys(kept), ...Object.keys(measured)])
  return Object.fromEntries([...names].map((name) => [name, { ...kept[name], ...measured[name] }]))
}
