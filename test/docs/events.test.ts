import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { corbadoErrorReasons } from '@corbado-connect/core'
import t from 'tap'
import { readPage, root } from './markdown.js'

const page = readPage('docs/events.md')
const documented = (page.split('\n## Reasons\n')[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))

t.test('docs/events.md lists every reason once, and no other', async (t) => {
  t.ok(corbadoErrorReasons.length > 50)
  t.strictSame(documented.toSorted(), [...corbadoErrorReasons, 'upstream_<status>'].toSorted())
})

t.test('docs/events.md names every type and every field of an event', async (t) => {
  const events = readFileSync(join(root, 'packages/core/src/routes/events.ts'), 'utf8')
  const types = [...(/type ConnectEventType =([^/]*)/.exec(events)?.[1] ?? '').matchAll(/'([\w.]+)'/g)]
  const fields = [...(/interface ConnectEvent \{([\s\S]*?)\n\}/.exec(events)?.[1] ?? '').matchAll(/readonly (\w+)/g)]
  t.ok(types.length >= 6)
  t.ok(fields.length >= 10)
  for (const [, name = ''] of [...types, ...fields]) t.ok(page.includes(`\`${name}\``), name)
})
