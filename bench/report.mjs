// Writes docs/performance.md: performance.template.md with the tables of the kept results.
import { readFileSync, writeFileSync } from 'node:fs'
import { readResults } from './results.mjs'
import { labels, scenarios } from './scenarios.mjs'

const template = new URL('performance.template.md', import.meta.url)
const page = new URL('../docs/performance.md', import.meta.url)

/** Writes the page. */
export function writeReport() {
  const results = readResults()
  const text = readFileSync(template, 'utf8').replace(/^\{\{(\w+)(?: ([\w-]+))?\}\}$/gm, (_line, name, argument) =>
    tables[name](results, argument),
  )
  writeFileSync(page, text)
}

const tables = {
  machine: (results) =>
    results
      .map(({ node, date, machine, launches }) => `- Node.js ${node}: ${machine}; ${launches} launches, ${date}`)
      .join('\n'),
  cpu(results, key) {
    const { programs } = scenarios[key]
    const cell = ({ cpu }, name) => {
      const measured = cpu[key]?.[name]
      return measured === undefined
        ? ''
        : `**${measured.ratio.toFixed(2)}** (${measured.min.toFixed(2)}–${measured.max.toFixed(2)})`
    }
    const rows = Object.entries(programs).map(([name, goal]) => [
      labels[name],
      ...results.map((result) => cell(result, name)),
      goal === null ? '' : `≤ ${goal}`,
    ])
    return table(['CPU per request', ...results.map(nodeOf), 'goal'], rows)
  },
  refusals(results) {
    const keys = Object.keys(scenarios).filter((key) => scenarios[key].baseline === 'trivial-fastify')
    const rows = keys.flatMap((key) =>
      Object.entries(scenarios[key].programs).map(([name, goal]) => [
        scenarios[key].title,
        labels[name],
        ...results.map(({ cpu }) => cpu[key]?.[name]?.ratio.toFixed(2) ?? ''),
        `≤ ${goal}`,
      ]),
    )
    return table(['', 'CPU per request', ...results.map(nodeOf), 'goal'], rows)
  },
  latency(results) {
    const kinds = [...new Set(results.flatMap(({ latency }) => Object.keys(latency)))]
    const rows = kinds.flatMap((kind) =>
      Object.keys(results[0].latency[kind] ?? {}).map((name) => [
        scenarios[kind].title.split(',')[0],
        labels[name],
        ...results.map(({ latency }) => {
          const measured = latency[kind]?.[name]
          return measured === undefined ? '' : `${measured.p50} / ${measured.p99} ms`
        }),
      ]),
    )
    return table(['', 'p50 / p99', ...results.map(nodeOf)], rows)
  },
  memory(results) {
    const names = [...new Set(results.flatMap(({ memory }) => Object.keys(memory)))]
    const cell = (measured) =>
      measured === undefined
        ? ''
        : `${measured.firstMb} → ${measured.lastMb} MB (${measured.requests.toLocaleString('en')})`
    const rows = names.map((name) => [labels[name], ...results.map(({ memory }) => cell(memory[name]))])
    return table(['resident memory', ...results.map(nodeOf)], rows)
  },
  replayStore: (results) =>
    table(
      ['', ...results.map(nodeOf), 'goal'],
      [['bytes per login', ...results.map(({ replayStoreBytes }) => String(replayStoreBytes ?? '')), '≤ 250']],
    ),
  coldStart(results) {
    const goals = { fastify: '≤ 300 ms', express: '≤ 260 ms' }
    const names = [...new Set(results.flatMap(({ coldStart }) => Object.keys(coldStart)))]
    const rows = names.map((name) => [
      labels[name],
      ...results.map(({ coldStart }) => (coldStart[name] === undefined ? '' : `${coldStart[name]} ms`)),
      goals[name] ?? '',
    ])
    return table(['', ...results.map(nodeOf), 'goal'], rows)
  },
}

function nodeOf({ node }) {
  return `Node.js ${node.split('.')[0]}`
}

/** A table of the rows that have a measured value. */
function table(head, rows) {
  const measured = head.flatMap((title, column) => (title.startsWith('Node.js') ? [column] : []))
  const shown = rows.filter((row) => measured.some((column) => row[column] !== ''))
  if (shown.length === 0) return 'Not measured yet.'
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...shown.map(line)].join('\n')
}
