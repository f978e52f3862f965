import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import t from 'tap'
import { codeBlocks, markdownFiles, readPage, root } from './markdown.js'

/** What the pages take as given: the reader's own users and database. */
const given = `
export {}
declare global {
  interface User { identifier: string; displayName: string }
  const users: Map<string, User>
  const db: { userById(id: string): Promise<{ id: string; name: string } | null> }
}
`
const options = {
  extends: '../../../tsconfig.base.json',
  compilerOptions: {
    noEmit: true,
    composite: false,
    declaration: false,
    declarationMap: false,
    noUnusedLocals: false,
    moduleDetection: 'force',
    // Some blocks run in a browser.
    lib: ['es2024', 'dom', 'dom.iterable'],
  },
  include: ['*.ts'],
}

t.test('every block of TypeScript in the documentation compiles', async (t) => {
  const folder = join(root, 'test/build/code-blocks')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'given.d.ts'), given)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  const blocks = markdownFiles().flatMap(codeBlocks)
  const names = new Map<string, string>()
  let name = ''
  for (const [number, block] of blocks.entries()) {
    if (!block.continues) name = `block-${number}.ts`
    names.set(name, names.get(name) ?? block.place)
    appendFileSync(join(folder, name), `${block.context}\n${block.code}`)
  }
  t.ok(blocks.length >= 8, `${blocks.length} blocks were found`)

  // `env -u`: the loaders of the test runner do not fit the compiler.
  const compiler = ['-u', 'NODE_OPTIONS', process.execPath, join(root, 'node_modules/typescript/bin/tsc')]
  const { stdout, stderr, status } = spawnSync('env', [...compiler, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
  })
  const complaints = stdout.replace(/^\S*?(block-\d+\.ts)/gm, (_path, name: string) => names.get(name) ?? name)
  t.equal(complaints + stderr, '')
  t.equal(status, 0)
})

t.test('every link to a file or a heading of the repository leads somewhere', async (t) => {
  for (const path of markdownFiles()) {
    const page = readPage(path)
    for (const [, target = ''] of page.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? path : normalize(join(dirname(path), file))
      t.ok(existsSync(join(root, linked)), `${path} → ${target}`)
      if (anchor !== undefined) t.ok(anchorsOf(linked).includes(anchor), `${path} → ${target}: the heading`)
    }
  }
})

function anchorsOf(path: string): string[] {
  return [...readPage(path).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  )
}
