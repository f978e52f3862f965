import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readPage, root } from './markdown.js'

const folder = join(root, 'packages/core/src')
const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(folder, path), 'utf8'))
  .join('\n')

/** Functions that make an error of a `reason`, and what they make of it. */
const makers: Readonly<Record<string, readonly string[]>> = {
  rejected: ['local_*'],
  notAllowed: ['*'],
  configurationError: ['config_*'],
  unreachable: ['*', '*_in_time'],
}
const templatesOfMakers = new Set(['local_…', 'config_…', '…_in_time', '…_failed'])
/** Expressions behind `reason:` that hold no text of their own, and the texts that they can be. */
const known: Readonly<Record<string, readonly string[]>> = {
  verdict: textsIn(/verificationResults = \[([^\]]*)\]/.exec(source)?.[1] ?? '').filter((text) => text !== 'success'),
  'error.reason ?? code': [],
}

const page = readPage('docs/events.md')
const reasonsOfPage = (page.split('\n## Reasons\n')[1] ?? '')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name))

/** The texts of an expression; what a template fills in becomes `…`. */
function textsIn(expression: string): string[] {
  const texts = expression.matchAll(/'([^']*)'|`([^`]*)`/g)
  return [...texts].map(([, plain, template = '']) => plain ?? template.replaceAll(/\$\{[^}]*\}/g, '…'))
}

/** `…` stands for one or more characters of a name, or for the `<status>` of the page. */
function asPattern(reason: string): RegExp {
  return new RegExp(`^${reason.replaceAll('…', '[\\w<>]+')}$`)
}

function reasonsOfSource(): Set<string> {
  const reasons = new Set<string>()
  const written = [...source.matchAll(/\breason: ([^,\n]+)/g), ...source.matchAll(/\bconst reason = ([^\n]+)/g)]
  for (const [, expression = ''] of written) {
    if (/^string\b/.test(expression)) continue // a type
    const texts = textsIn(expression)
    const found = texts.length > 0 ? texts : known[/^[\w.? ]*/.exec(expression)?.[0].trim() ?? '']
    if (found === undefined) throw new Error(`What texts can "reason: ${expression}" be?`)
    for (const text of found) if (!templatesOfMakers.has(text)) reasons.add(text)
  }
  for (const [, hook] of source.matchAll(/\brunHook\(\s*[^,]+,\s*'(\w+)'/g)) reasons.add(`${hook}_failed`)
  for (const [maker, shapes] of Object.entries(makers)) {
    for (const [, argument = ''] of source.matchAll(new RegExp(`(?<!function )\\b${maker}\\(([^,)]+)`, 'g'))) {
      const texts = argument === 'reason' ? ['upstream_…'] : textsIn(argument)
      if (texts.length === 0) throw new Error(`What texts can ${maker}(${argument}) get?`)
      for (const text of texts) for (const shape of shapes) reasons.add(shape.replace('*', () => text))
    }
  }
  return reasons
}

t.test('docs/events.md names every reason that the code gives, and no other', async (t) => {
  const reasons = reasonsOfSource()
  t.ok(reasons.size > 50, `${reasons.size} reasons were found`)
  for (const reason of reasons) {
    t.ok(
      reasonsOfPage.some((name) => asPattern(reason).test(name)),
      `the code gives ${reason}`,
    )
  }
  for (const name of reasonsOfPage) {
    t.ok(
      [...reasons].some((reason) => asPattern(reason).test(name)),
      `the page names ${name}`,
    )
  }
})

t.test('this test knows every function that makes an error of a reason', async (t) => {
  const declared = [...source.matchAll(/function (\w+)\(\s*reason: string/g)].map(([, name = '']) => name)
  t.strictSame(declared.sort(), Object.keys(makers).sort())
})

t.test('docs/events.md names every type and every field of an event', async (t) => {
  const events = readFileSync(join(folder, 'events.ts'), 'utf8')
  const types = [...(/type ConnectEventType =([^/]*)/.exec(events)?.[1] ?? '').matchAll(/'([\w.]+)'/g)]
  const fields = [...(/interface ConnectEvent \{([\s\S]*?)\n\}/.exec(events)?.[1] ?? '').matchAll(/readonly (\w+)/g)]
  t.equal(types.length, 6)
  t.ok(fields.length >= 10)
  for (const [, name = ''] of [...types, ...fields]) t.ok(page.includes(`\`${name}\``), name)
})
