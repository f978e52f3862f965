// What every command does first. A fresh clone needs only Node.js and npm.
import { rm } from 'node:fs/promises'
import { pnpm } from './pnpm.mjs'
import { root, run } from './run.mjs'

export { root, run }

/** Installs the dependencies from the lock file. */
export function install(options) {
  // Under `npx -p node@24 -c …` these variables would make the npm of the set-up run something else.
  const { npm_config_package: _package, npm_config_call: _call, ...env } = process.env
  return pnpm(['install', '--frozen-lockfile'], { ...options, env })
}

/** Builds the adapters and the core. */
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

/** Removes the compiled tests, because those of a deleted source would still run. */
export async function cleanTests() {
  await rm(new URL('../test/build', import.meta.url), { recursive: true, force: true })
}
