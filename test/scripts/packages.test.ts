import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../docs/markdown.js'

const packages = ['core', 'fastify', 'express', 'emulator']
const manifestIn = (folder: string) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
const main = manifestIn('.')

for (const name of packages) {
  t.test(`packages/${name}`, async (t) => {
    const manifest = manifestIn(`packages/${name}`)
    t.same(manifest.repository, { ...main.repository, directory: `packages/${name}` })
    t.equal(manifest.homepage, main.homepage.replace('#', `/tree/main/packages/${name}#`))
    t.equal(manifest.bugs, main.bugs)
    t.equal(manifest.license, main.license)
    t.same(manifest.engines, main.engines)
    t.equal(manifest.version, manifestIn('packages/core').version, 'all packages have one version')
    t.ok(manifest.keywords.includes('corbado') && manifest.keywords.includes('passkeys'))

    const folder = join(root, 'packages', name)
    const published = spawnSync('npm', ['publish', '--dry-run'], { cwd: folder, encoding: 'utf8' })
    t.not(published.status, 0, 'refuses npm publish')
    t.match(published.stderr, 'Publish with `npm run release`')
  })
}

t.test('pnpm is installed from a lock file with hashes', async (t) => {
  const { packages: locked } = JSON.parse(readFileSync(join(root, 'tools/pnpm/package-lock.json'), 'utf8'))
  const { dependencies } = manifestIn('tools/pnpm')
  t.equal(locked['node_modules/pnpm'].version, dependencies.pnpm)
  for (const [path, entry] of Object.entries<{ integrity?: string }>(locked)) {
    if (path !== '') t.match(entry.integrity, /^sha512-/, path)
  }
  t.match(dependencies.pnpm, /^\d+\.\d+\.\d+$/)
})
