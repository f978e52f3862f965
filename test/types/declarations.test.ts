import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

// Compiled to test/build/types.
const root = fileURLToPath(new URL('../../../', import.meta.url))

t.test('no `any` in the declarations that users get', async (t) => {
  for (const name of ['core', 'fastify', 'express']) {
    const dist = join(root, 'packages', name, 'dist')
    const files = (await readdir(dist, { recursive: true })).filter((file) => file.endsWith('.d.ts'))
    t.ok(files.includes('index.d.ts'), `${name} is built`)
    for (const file of files) {
      const code = (await readFile(join(dist, file), 'utf8')).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
      t.notMatch(code, /[:<|&,(=>]\s*any\b/, `${name}/${file}`)
    }
  }
})

t.test('an application names its own user type by Register', async (t) => {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', join(root, 'test/types/register')], {
    // The loaders of the test runner do not fit the compiler.
    env: { ...process.env, NODE_OPTIONS: '' },
  }).catch((error: unknown) => ({
    stdout: error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error),
  }))
  t.equal(stdout, '', 'the compiler has nothing to say')
})
