import { readFileSync } from 'node:fs'
import t from 'tap'

const entry = new URL('../../../packages/emulator/dist/index.d.ts', import.meta.url)

/** The declaration files that a user's compiler reads, beginning with the entry point. */
function reachable(file: URL, seen = new Map<string, string>()): Map<string, string> {
  if (seen.has(file.href)) return seen
  const text = readFileSync(file, 'utf8')
  seen.set(file.href, text)
  for (const [, path = ''] of text.matchAll(/from '(\.[^']+)\.js'/g)) reachable(new URL(`${path}.d.ts`, file), seen)
  return seen
}

t.test('the types work with TypeScript before 5.7, where Uint8Array takes no argument', async (t) => {
  const files = reachable(entry)
  t.ok(files.size > 5)
  for (const [file, text] of files) t.notMatch(text, /Uint8Array</, file)
})
