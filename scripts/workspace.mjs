// What every command does first: a fresh clone with Node.js and npm alone is enough.
import { spawn } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a command to its end; its output passes through, or is kept for a failure where `quiet`. */
export function run(command, args, { quiet = false, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
    })
    let output = ''
    child.stdout?.on('data', (chunk) => (output += chunk))
    child.stderr?.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) return resolve()
      process.stderr.write(output)
      reject(new Error(`${command} ${args.join(' ')} ended with ${code}`))
    })
  })
}

/** Installs the dependencies by the lock file. */
export function install(options) {
  // Under `npx -p node@24 -c …` these would tell the npx of the set-up to run something else.
  const { npm_config_package: _package, npm_config_call: _call, ...env } = process.env
  return run('npm', ['run', '--silent', 'setup'], { ...options, env })
}

/** Builds the packages. */
export async function buildPackages(options) {
  await run('node', ['node_modules/typescript/bin/tsc', '-b', 'packages/fastify', 'packages/express'], options)
}

/** Builds what the examples need, and the page. */
export async function buildExamples(options) {
  const projects = ['packages/emulator', 'examples/fastify-cookie', 'examples/express-bearer']
  await run('node', ['node_modules/typescript/bin/tsc', '-b', ...projects], options)
  await run('node', ['examples/web/build.mjs'], options)
}

/** Type-checks and builds everything: packages, examples, tests and the page. */
export async function buildAll(options) {
  await run('node', ['node_modules/typescript/bin/tsc', '-b'], options)
  await run('node', ['examples/web/build.mjs'], options)
}

/** Removes compiled tests: those of a deleted source would still run. */
export async function cleanTests() {
  await rm(new URL('../test/build', import.meta.url), { recursive: true, force: true })
}
