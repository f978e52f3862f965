import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readPage, root } from './markdown.js'

interface Row {
  readonly names: readonly string[]
  readonly default: string
}

/** The names of the properties that an interface declares. */
function propertiesOf(path: string, interfaceName: string): string[] {
  const source = readFileSync(join(root, path), 'utf8')
  const body = new RegExp(`interface ${interfaceName}<[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(source)?.[1]
  if (body === undefined) throw new Error(`${path} does not declare ${interfaceName}`)
  return [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name = '']) => name)
}

/** The rows of the table under the heading "Options". A row may name several options. */
function tableOf(path: string): Row[] {
  const section = readPage(path).split('\n## Options\n')[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((row) => {
    const cells = row.slice(1, -1).split(/(?<!\\)\|/)
    const names = [...(cells[0] ?? '').matchAll(/`(\w+)/g)].map(([, name = '']) => name)
    return { names, default: cells.at(-1)?.trim() ?? '' }
  })
}

const connect = propertiesOf('packages/core/src/connect-options.ts', 'ConnectOptions')
const adapter = propertiesOf('packages/core/src/routes/options.ts', 'AdapterOptions')
const shared = [...connect.filter((name) => name !== 'createSession'), ...adapter]
const onlyExpress = propertiesOf('packages/express/src/options.ts', 'ExpressConnectOptions')
const tables = {
  'README.md': [...shared, ...onlyExpress],
  'packages/fastify/README.md': shared,
  'packages/express/README.md': [...shared, ...onlyExpress],
}

t.test('the types declare the options', async (t) => {
  for (const name of ['findUser', 'client', 'tokenTypes', 'onEvent']) t.ok(shared.includes(name), name)
  t.strictSame(onlyExpress, ['errors'])
})

for (const [path, options] of Object.entries(tables)) {
  t.test(`${path} lists each option once, and no other`, async (t) => {
    const listed = tableOf(path).flatMap(({ names }) => names)
    t.strictSame(listed.toSorted(), options.toSorted())
  })
}

t.test('docs/options.md has a heading for each option, and for no other', async (t) => {
  const section = readPage('docs/options.md').split('\n## corbadoConnect\n')[1]?.split('\n## ')[0] ?? ''
  const headings = [...section.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name)
  t.strictSame(headings.toSorted(), [...shared, ...onlyExpress].toSorted())
})

t.test('the tables state the same defaults', async (t) => {
  const [first = [], ...others] = Object.keys(tables).map(
    (path) => new Map(tableOf(path).flatMap(({ names, default: value }) => names.map((name) => [name, value]))),
  )
  const expected = new Map(first)
  for (const other of others) {
    for (const [name, value] of other) t.equal(value, expected.get(name), name)
  }
  t.ok([...expected.values()].every((value) => value !== ''))
})
