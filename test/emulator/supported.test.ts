import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { caller } from './http.js'

// Compiled to test/build/emulator.
const root = new URL('../../../', import.meta.url)
const page = readFileSync(new URL('packages/emulator/SUPPORTED.md', root), 'utf8')

t.test('SUPPORTED.md says what the table of operations says', async (t) => {
  const script = fileURLToPath(new URL('scripts/supported.mjs', root))
  const { stdout, stderr } = spawnSync(process.execPath, [script, '--print'], { encoding: 'utf8' })
  t.equal(stderr, '')
  t.equal(page, stdout, 'if this fails, run node scripts/supported.mjs')
})

t.test('what SUPPORTED.md says is true', async (t) => {
  const emulator = await startEmulator({ allowedOrigins: ['http://localhost:3000'] })
  t.teardown(() => emulator.close())
  const call = caller(emulator, { origin: 'http://localhost:3000' })
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  t.ok(rows.length > 40, 'there are rows')
  for (const row of rows) {
    const [, operations = '', , supported = ''] = row.split(/ ?\| ?/)
    for (const [, method = '', path = ''] of operations.matchAll(/`([A-Z]+) ([^`]+)`/g)) {
      const body = method === 'POST' || method === 'PUT' || method === 'PATCH' ? {} : undefined
      const { status } = await call(method, path.replaceAll(/\{\w+\}/g, 'x-1'), body)
      if (supported === 'no') t.equal(status, 501, `${method} ${path}`)
      else t.notOk(status === 501 || status === 405, `${method} ${path}: ${status}`)
    }
  }
})
