import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type expressFunction from 'express'

/** Express 4 and the adapter that was loaded with it as its peer. */
export interface Express4 {
  readonly express: typeof expressFunction
  readonly adapter: typeof import('@corbado-connect/express')
  readonly version: string
}

const root = fileURLToPath(new URL('../../../', import.meta.url))

/**
 * Makes `folder` an installation in which `express` is Express 4. The adapter is a copy, not a link: Node looks for a
 * module's peers from where the module really is.
 *
 * @returns its node_modules
 */
export function installExpress4(folder: string): string {
  rmSync(folder, { recursive: true, force: true })
  const modules = join(folder, 'node_modules')
  const adapter = join(modules, '@corbado-connect', 'express')
  const source = join(root, 'packages', 'express')
  mkdirSync(adapter, { recursive: true })
  for (const part of ['package.json', 'dist']) cpSync(join(source, part), join(adapter, part), { recursive: true })
  symlinkSync(join(root, 'node_modules', 'express4'), join(modules, 'express'))
  const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
    readFileSync(join(source, 'package.json'), 'utf8'),
  )
  for (const name of Object.keys(dependencies)) symlinkSync(join(source, 'node_modules', name), join(modules, name))
  return modules
}

/** Loads Express 4 and the adapter from an installation of their own. */
export async function loadExpress4(): Promise<Express4> {
  // One folder per process: test files run at the same time.
  const folder = join(root, 'test', 'build', `express4-${process.pid}`)
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const modules = installExpress4(folder)
  const adapter = join(modules, '@corbado-connect', 'express')

  const { default: express }: { default: typeof expressFunction } = await import(
    fileUrl(modules, 'express', 'index.js')
  )
  const loaded: typeof import('@corbado-connect/express') = await import(fileUrl(adapter, 'dist', 'index.js'))
  const { default: manifest }: { default: { version: string } } = await import(
    fileUrl(modules, 'express', 'package.json'),
    { with: { type: 'json' } }
  )
  return { express, adapter: loaded, version: manifest.version }
}

function fileUrl(...parts: string[]): string {
  return pathToFileURL(join(...parts)).href
}
