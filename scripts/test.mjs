// npm test: installs, builds, type-checks, lints and runs every test. The last line counts them.
import { spawn } from 'node:child_process'
import { buildAll, cleanTests, install, root, run } from './workspace.mjs'

try {
  await install()
  await cleanTests()
  await buildAll()
  await run('node', ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'])
} catch (error) {
  console.error(error.message)
  console.log('0 passed, 1 failed')
  process.exit(1)
}

const files = process.argv.slice(2)
// A few files cannot cover everything, and some cover nothing.
const coverage = files.length > 0 ? ['--allow-incomplete-coverage', '--allow-empty-coverage'] : []
const tap = spawn('node', ['node_modules/tap/dist/esm/run.mjs', ...coverage, ...files], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
})
let tail = ''
tap.stdout.on('data', (chunk) => {
  process.stdout.write(chunk)
  tail = (tail + chunk).slice(-100_000)
})
tap.once('close', (code) => {
  const counts = [...tail.matchAll(/^# \{([^}]*)\}$/gm)].at(-1)?.[1] ?? ''
  const count = (name) => Number(new RegExp(`${name}: (\\d+)`).exec(counts)?.[1] ?? 0)
  const passed = count('pass')
  // A crash, or too little coverage, fails without a failed assertion.
  const failed = Math.max(count('fail'), code === 0 && passed > 0 ? 0 : 1)
  const skipped = count('skip') + count('todo')
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  process.exitCode = failed > 0 ? 1 : 0
})
