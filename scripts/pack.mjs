import { join } from 'node:path'
import { pnpm } from './pnpm.mjs'
import { run } from './run.mjs'

/** The packages that are published, in the order of their dependencies. */
export const packages = ['core', 'fastify', 'express', 'emulator']

/**
 * Packs every package and checks what npm would not: pnpm has replaced its own protocols, and the license is included.
 *
 * @returns the path of each tarball by the name of its package
 */
export async function packAll(folder) {
  const tarballs = {}
  for (const name of packages) {
    const { name: fullName, version } = await manifestOf(name)
    await pnpm(['--dir', `packages/${name}`, 'pack', '--pack-destination', folder], { quiet: true })
    const tarball = join(folder, `${fullName.replace('@', '').replace('/', '-')}-${version}.tgz`)
    await checkTarball(tarball)
    tarballs[fullName] = tarball
  }
  return tarballs
}

async function manifestOf(name) {
  const { default: manifest } = await import(`../packages/${name}/package.json`, { with: { type: 'json' } })
  return manifest
}

async function checkTarball(tarball) {
  const files = (await run('tar', ['-tzf', tarball], { quiet: true })).split('\n')
  for (const needed of ['package/LICENSE', 'package/README.md']) {
    if (!files.includes(needed)) throw new Error(`${tarball} has no ${needed}`)
  }
  const manifest = await run('tar', ['-xzOf', tarball, 'package/package.json'], { quiet: true })
  const protocol = /"(workspace|catalog):[^"]*"/.exec(manifest)
  if (protocol !== null) throw new Error(`${tarball} contains ${protocol[0]}, which only pnpm understands`)
}
