// npm test: installs, builds, type-checks, lints, looks for unused code and runs every test. The last line counts them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { buildAll, cleanTests, install, root, run } from './workspace.mjs'

/** Everything that the tests printed, as TAP. */
const tapFile = 'test-output.tap'

try {
  await install({ quiet: true })
  await cleanTests()
  await buildAll()
  await run('node', ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'])
  await run('node', ['node_modules/knip/bin/knip.js', '--no-config-hints'])
} catch (error) {
  console.error(error.message)
  console.log('0 passed, 1 failed')
  process.exit(1)
}

const { TestReport } = await import('./test-report.mjs')
const files = process.argv.slice(2)
// A few files cannot cover everything, and some cover nothing.
const coverage = files.length > 0 ? ['--allow-incomplete-coverage', '--allow-empty-coverage'] : []
const tap = spawn('node', ['node_modules/tap/dist/esm/run.mjs', '--reporter=tap', ...coverage, ...files], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
})
const ended = once(tap, 'close')
const everything = createWriteStream(new URL(`../${tapFile}`, import.meta.url))
const report = new TestReport((line) => console.log(line))
for await (const line of createInterface({ input: tap.stdout })) {
  everything.write(`${line}\n`)
  report.add(line)
}
const [code] = await ended
everything.end()
await once(everything, 'finish')

const { summary, failed } = report.end(code)
console.log(`\nThe whole output: ${tapFile}\n${summary}`)
process.exitCode = failed ? 1 : 0
