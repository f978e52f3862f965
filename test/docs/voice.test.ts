import { spawnSync } from 'node:child_process'
import t from 'tap'
import { readPage, root } from './markdown.js'

/** The folders and files that are checked, as git pathspecs. Add more as they are rewritten. */
const included = [
  'examples',
  'scripts',
  '.ci',
  '*.md',
  'docs',
  'test/browser',
  'test/scripts',
  'test/support/chromium.ts',
  'test/support/example-app.ts',
  'test/support/ports.ts',
]

/** Phrases that do not belong in plain English, and what to write in their place. */
const phrases: readonly (readonly [RegExp, string])[] = [
  [/\bshall\b/i, 'must, should or will'],
  [/\bwas expected\b/i, '`option` must be …'],
  [/\ba text\b/i, 'a string'],
  [/\bfor ever\b/i, 'never changes, or as long as …'],
  [/\bat the most\b/i, 'at most'],
  [/\b(of ours|of yours)\b/i, 'our …, your …, of your own'],
  [/(?<!there )\b(is|are) no (?!longer|more than)/i, 'is not a …'],
  [/\blife time\b/i, 'lifetime'],
  [/\bunder way\b/i, 'in progress'],
  [/\bmend(s|ed)?\b/i, 'fix'],
  [/\bbe woken\b/i, 'be alerted'],
  [/\bstands? (twice|in one of)\b/i, 'is'],
  [/\bas it stands\b/i, 'unchanged'],
  [/\bnothing but\b/i, 'only'],
  [/\bten lines\b/i, 'quick start'],
]

/** Lines that may contain a phrase, for example because they quote it. */
const allowed: readonly { readonly path: string; readonly text: string }[] = []

t.test('the phrases are found', async (t) => {
  for (const [text, found] of [
    ['issuer: a text was expected', 2],
    ['This is no error of ours.', 2],
    ['It is no longer there.', 0],
    ['Tokens shall expire.', 1],
    ['`issuer` must be a non-empty string', 0],
  ] as const) {
    t.equal(phrases.filter(([phrase]) => phrase.test(text)).length, found, text)
  }
})

t.test('documentation, comments and messages are written in plain English', async (t) => {
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...included], {
    cwd: root,
    encoding: 'utf8',
  })
  const paths = stdout.split('\n').filter((path) => /\.(ts|mts|mjs|cjs|jsx|md|html|css|json)$/.test(path))
  t.ok(paths.length > 60, `${paths.length} files are checked`)
  for (const path of paths) {
    const lines = readPage(path).split('\n')
    const found = lines.flatMap((line, index) => {
      if (allowed.some((exception) => exception.path === path && line.includes(exception.text))) return []
      return phrases
        .filter(([phrase]) => phrase.test(line))
        .map(([phrase, better]) => `${path}:${index + 1} ${phrase.exec(line)?.[0]}: write “${better}”`)
    })
    t.same(found, [], path)
  }
})
