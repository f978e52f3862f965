// Runs pnpm: node scripts/pnpm.mjs install. The version and its hashes are pinned in tools/pnpm.
import { existsSync, readFileSync } from 'node:fs'
import { run } from './run.mjs'

const folder = new URL('../tools/pnpm/', import.meta.url)

/** Runs pnpm to its end. It is installed first where it is missing or has another version. */
export async function pnpm(args, options) {
  if (installedVersion() !== pinnedVersion()) {
    // Not `npm ci`: it demands that the lock file names the binaries of every platform.
    await run('npm', ['install', '--no-save', '--silent', '--prefix', 'tools/pnpm'], { quiet: true })
  }
  await run('tools/pnpm/node_modules/.bin/pnpm', args, options)
}

function pinnedVersion() {
  return JSON.parse(readFileSync(new URL('package.json', folder))).dependencies.pnpm
}

function installedVersion() {
  const manifest = new URL('node_modules/pnpm/package.json', folder)
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest)).version : undefined
}

if (import.meta.filename === process.argv[1]) {
  try {
    await pnpm(process.argv.slice(2))
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
  }
}
