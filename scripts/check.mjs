// npm run check: packs every package and tests the tarballs as a user installs them.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll } from './pack.mjs'
import { buildAll, install, root, run } from './workspace.mjs'

await install()
await buildAll()
const folder = await mkdtemp(join(tmpdir(), 'corbado-connect-check-'))
try {
  const tarballs = await packAll(folder)
  for (const tarball of Object.values(tarballs)) {
    await run('node', ['node_modules/publint/src/cli.js', 'run', '--strict', tarball])
    await run('node', ['node_modules/@arethetypeswrong/cli/dist/index.js', tarball, '--profile', 'esm-only'])
  }
  await consume(tarballs)
  console.log('The packages can be installed and used.')
} finally {
  await rm(folder, { recursive: true, force: true })
}

/** Installs the tarballs into a project of their own, and uses them as ESM, as CommonJS and from TypeScript. */
async function consume(tarballs) {
  const dependencies = Object.fromEntries(Object.entries(tarballs).map(([name, path]) => [name, `file:${path}`]))
  const project = join(folder, 'consumer')
  await cp(join(root, 'scripts/consumer'), project, { recursive: true })
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({
      private: true,
      type: 'module',
      dependencies: { ...dependencies, fastify: '^5', express: '^5', '@types/express': '^5', '@types/node': '^20' },
      overrides: dependencies,
    }),
  )
  await run('npm', ['install', '--silent', '--prefix', project])
  await run('node', [join(project, 'esm.mjs')])
  await run('node', [join(project, 'cjs.cjs')])
  await run('node', [join(root, 'node_modules/typescript/bin/tsc'), '-p', project])
}
