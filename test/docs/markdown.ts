import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository, seen from the compiled tests in test/build/docs. */
export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** A block of TypeScript in a page of documentation. */
export interface CodeBlock {
  /** `README.md:12` */
  readonly place: string
  /** The heading above it. */
  readonly heading: string
  readonly code: string
  /** Declarations from a comment above the block, for what a reader brings along. */
  readonly context: string
  /** Marked with `<!-- ts-continues -->`: part of the same module as the block before it. */
  readonly continues: boolean
}

/** Every page of documentation, as paths below the root. */
export function markdownFiles(): string[] {
  const list = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
  return list.stdout.split('\n').filter((path) => path !== '')
}

/** The text of a page. */
export function readPage(path: string): string {
  return readFileSync(`${root}${path}`, 'utf8')
}

/** The blocks that are marked as TypeScript. */
export function codeBlocks(path: string): CodeBlock[] {
  const page = readPage(path)
  const blocks = page.matchAll(
    /(?:<!-- ts-context\n(?<context>[\s\S]*?)-->\n|(?<continues><!-- ts-continues -->\n))?^```ts\n(?<code>[\s\S]*?)^```$/gm,
  )
  return [...blocks].map(({ groups, index }) => {
    const above = page.slice(0, index)
    return {
      place: `${path}:${above.split('\n').length}`,
      heading: [...above.matchAll(/^#+ (.*)$/gm)].at(-1)?.[1] ?? '',
      code: groups?.code ?? '',
      context: groups?.context ?? '',
      continues: groups?.continues !== undefined,
    }
  })
}
