// npm run release: packs, checks and publishes every package. With -- --dry-run it publishes nothing; with
// -- --dry-run --to <folder> it keeps the tarballs there.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { packAll } from './pack.mjs'
import { buildAll, install, run } from './workspace.mjs'

const { values: flags } = parseArgs({
  options: { 'dry-run': { type: 'boolean', default: false }, to: { type: 'string' } },
})

await install({ quiet: true })
await buildAll()
const folder = flags.to === undefined ? await mkdtemp(join(tmpdir(), 'corbado-connect-release-')) : resolve(flags.to)
await mkdir(folder, { recursive: true })
try {
  const tarballs = await packAll(folder)
  for (const [name, tarball] of Object.entries(tarballs)) {
    if (flags['dry-run']) console.log(`${name} is ready${flags.to === undefined ? '' : `: ${tarball}`}`)
    else await run('npm', ['publish', tarball, '--access', 'public'])
  }
} finally {
  if (flags.to === undefined) await rm(folder, { recursive: true, force: true })
}
