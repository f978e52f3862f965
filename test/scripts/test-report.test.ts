import { pathToFileURL } from 'node:url'
import t from 'tap'
import { root } from '../docs/markdown.js'

interface Report {
  add(line: string): void
  end(exitCode: number): { summary: string; failed: boolean }
}

const { TestReport }: { TestReport: new (write: (line: string) => void) => Report } = await import(
  pathToFileURL(`${root}scripts/test-report.mjs`).href
)

/** The report on a run of tap. */
function report(tap: string, exitCode: number) {
  const lines: string[] = []
  const report = new TestReport((line) => lines.push(line))
  for (const line of tap.split('\n')) report.add(line)
  return { lines, ...report.end(exitCode) }
}

const failing = `TAP version 14
# Subtest: test/build/core/good.test.js
    ok 1 - one
    ok 2 - needs a server # SKIP no redis-server found
    1..2
    # time=12ms
ok 1 - test/build/core/good.test.js # time=1512.5ms

# Subtest: test/build/core/bad.test.js
    ok 1 - fine
    # Subtest: adding
        not ok 1 - numbers
          ---
          diff: |
            -2
            +1
          ...
        not ok 2 - later # TODO
        1..2
    not ok 2 - adding # time=3ms
      ---
      source: t.test('adding')
      ...
    1..2
not ok 2 - test/build/core/bad.test.js # time=20ms
  ---
  command: node
  exitCode: 1
  ...

1..2
# ERROR: Coverage for lines (80%) does not meet the threshold
# { total: 5, pass: 2, fail: 1, todo: 1, skip: 1 }
# time=1600ms
`

t.test('the report has a line per file and each failure in full, once', async (t) => {
  const { lines, summary, failed } = report(failing, 1)
  t.strictSame(lines, [
    '✓ test/core/good.test.ts  1.5 s',
    '  – skipped: test/build/core/good.test.js > needs a server: no redis-server found',
    '✗ test/core/bad.test.ts  0.0 s',
    '  not ok 2 - test/build/core/bad.test.js > adding > numbers',
    '    ---',
    '    diff: |',
    '      -2',
    '      +1',
    '    ...',
    'ERROR: Coverage for lines (80%) does not meet the threshold',
  ])
  t.equal(summary, '2 passed, 1 failed, 2 skipped')
  t.equal(failed, true)
})

t.test('a process that ends with an error fails the run', async (t) => {
  const crash = `# Subtest: test/build/a.test.js
    ok 1 - fine
    1..1
not ok 1 - test/build/a.test.js
  ---
  signal: SIGKILL
  ...
`
  const { lines } = report(crash, 1)
  t.match(lines.join('\n'), /✗ test\/a\.test\.ts\n[\s\S]*signal: SIGKILL/)
  t.match(report('# { total: 3, pass: 3 }', 0), { summary: '3 passed, 0 failed', failed: false })
  t.match(report('# { total: 3, pass: 3 }', 1), { summary: '3 passed, 1 failed', failed: true })
  t.match(report('', 0), { summary: '0 passed, 1 failed', failed: true })
})
