// npm run check: packs every package and looks at the tarballs as an installing user meets them.
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildAll, install, root, run } from './workspace.mjs'

const packages = ['core', 'fastify', 'express', 'emulator']

await install()
await buildAll()
const folder = await mkdtemp(join(tmpdir(), 'corbado-connect-check-'))
try {
  for (const name of packages) {
    await run('npx', ['--yes', 'pnpm@12.21.0', '--dir', `packages/${name}`, 'pack', '--pack-destination', folder])
  }
  const tarballs = (await readdir(folder)).filter((file) => file.endsWith('.tgz'))
  for (const tarball of tarballs) {
    await run('node', ['node_modules/publint/src/cli.js', 'run', '--strict', join(folder, tarball)])
    await run('node', [
      'node_modules/@arethetypeswrong/cli/dist/index.js',
      join(folder, tarball),
      '--profile',
      'esm-only',
    ])
  }
  await consume(tarballs)
  console.log('The packages are fit to be installed.')
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Installs the tarballs into a project of their own, and uses them as ESM, as CommonJS and from TypeScript. */
async function consume(tarballs) {
  const fileOf = (name) =>
    `file:${join(
      folder,
      tarballs.find((file) => file.includes(`-${name}-`)),
    )}`
  const tarballOf = Object.fromEntries(packages.map((name) => [`@corbado-connect/${name}`, fileOf(name)]))
  const project = join(folder, 'consumer')
  await cp(join(root, 'scripts/consumer'), project, { recursive: true })
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { ...tarballOf, fastify: '^5', express: '^5', '@types/express': '^5', '@types/node': '^20' },
      overrides: tarballOf,
    }),
  )
  await run('npm', ['install', '--silent', '--prefix', project])
  await run('node', [join(project, 'esm.mjs')])
  await run('node', [join(project, 'cjs.cjs')])
  await run('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', project])
}
