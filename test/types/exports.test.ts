import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import t from 'tap'

// Compiled to test/build/types.
const root = fileURLToPath(new URL('../../../', import.meta.url))
const snapshot = join(root, 'test/types/exports.json')

/** The names that a declaration file exports, types included; `export *` is followed. */
function exportsOf(file: string): string[] {
  const code = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
  const names: string[] = []
  for (const [, list = ''] of code.matchAll(/export (?:type )?\{([^}]*)\}/g)) {
    for (const name of list.split(','))
      names.push(
        name
          .trim()
          .replace(/^type /, '')
          .replace(/^.* as /, ''),
      )
  }
  const declared = /export (?:declare )?(?:abstract )?(?:type|interface|class|const|function) (\w+)/g
  for (const [, name = ''] of code.matchAll(declared)) names.push(name)
  if (/export default /.test(code)) names.push('default')
  for (const [, target = ''] of code.matchAll(/export \* from '([^']+)'/g)) {
    names.push(...exportsOf(target.startsWith('.') ? besides(file, target) : entryOf(target)))
  }
  return [...new Set(names.filter((name) => name !== ''))].sort()
}

const besides = (file: string, target: string): string => join(dirname(file), target.replace(/\.js$/, '.d.ts'))

/** The declarations of an entry point such as `@corbado-connect/core/errors`. */
function entryOf(name: string): string {
  const [, folder = '', ...path] = name.split('/')
  const entry = entryPoints(folder).find(([key]) => key === (path.length === 0 ? '.' : `./${path.join('/')}`))
  if (entry === undefined) throw new Error(`no entry point ${name}`)
  return entry[1]
}

function entryPoints(folder: string): [name: string, types: string][] {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages', folder, 'package.json'), 'utf8'))
  return Object.entries<{ types?: string }>(exports).flatMap(([name, { types }]) =>
    types === undefined ? [] : [[name, join(root, 'packages', folder, types)] satisfies [string, string]],
  )
}

t.test('every entry point exports exactly what test/types/exports.json lists', async (t) => {
  const found: Record<string, string[]> = {}
  for (const folder of ['core', 'fastify', 'express', 'emulator']) {
    for (const [name, types] of entryPoints(folder)) {
      const names = exportsOf(types)
      found[join('@corbado-connect', folder, name)] = names
      const module: object = await import(pathToFileURL(types.replace(/\.d\.ts$/, '.js')).href)
      const missing = Object.keys(module).filter((value) => !names.includes(value))
      t.strictSame(missing, [], `${relative(root, types)}: every value is declared`)
    }
  }
  // A change of the public surface is deliberate: UPDATE_EXPORTS=1 node test/build/types/exports.test.js
  if (process.env.UPDATE_EXPORTS === '1') writeFileSync(snapshot, `${JSON.stringify(found, undefined, 2)}\n`)
  t.strictSame(found, JSON.parse(readFileSync(snapshot, 'utf8')))
  t.ok(Object.keys(found).length >= 10)
})
