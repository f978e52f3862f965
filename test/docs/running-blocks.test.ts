import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { codeBlocks, root } from './markdown.js'

const express4 = join(root, 'test/build/ten-lines-express4')

/** Gives the lines their users, and a free port instead of 3000. */
const prelude = `
import { Server } from 'node:net'
globalThis.users = new Map([['jane', { identifier: 'jane', displayName: 'Jane Doe' }]])
const listen = Server.prototype.listen
Server.prototype.listen = function (...args) {
  const port = typeof args[0] === 'object' ? { ...args[0], port: 0 } : 0
  this.once('listening', () => process.send({ port: this.address().port }))
  return listen.call(this, port, ...args.slice(1))
}
`

function linesOf(heading: string): string {
  const block = codeBlocks('README.md').find((candidate) => candidate.heading === heading)
  if (block === undefined) throw new Error(`README.md has no block under "${heading}"`)
  return block.code
}

/** A folder in which `express` is Express 4, for the adapter too. */
function installExpress4(): void {
  rmSync(express4, { recursive: true, force: true })
  const modules = join(express4, 'node_modules')
  mkdirSync(join(modules, '@corbado-connect'), { recursive: true })
  symlinkSync(join(root, 'node_modules/express4'), join(modules, 'express'))
  for (const entry of ['dist', 'package.json']) {
    cpSync(join(root, 'packages/express', entry), join(modules, '@corbado-connect/express', entry), { recursive: true })
  }
  symlinkSync(join(root, 'packages/core'), join(modules, '@corbado-connect/core'))
  for (const name of ['cookie', 'express-rate-limit']) {
    symlinkSync(join(root, 'packages/express/node_modules', name), join(modules, name))
  }
}

async function portOf(app: ChildProcess): Promise<number> {
  const [message]: unknown[] = await once(app, 'message')
  if (typeof message === 'object' && message !== null && 'port' in message) return Number(message.port)
  throw new Error('The app did not say where it listens')
}

installExpress4()
const expressLines = linesOf('Express')
const behindJson = expressLines.replace('const app = express()\n', 'const app = express()\napp.use(express.json())\n')
const cases = [
  { name: 'Fastify', lines: linesOf('Fastify'), folder: join(root, 'test/build') },
  { name: 'Express 5', lines: expressLines, folder: join(root, 'test/build') },
  { name: 'Express 5 behind express.json()', lines: behindJson, folder: join(root, 'test/build') },
  { name: 'Express 4', lines: expressLines, folder: express4 },
  { name: 'Express 4 behind express.json()', lines: behindJson, folder: express4 },
]

for (const { name, lines, folder } of cases) {
  t.test(`the ten lines of the README run as printed: ${name}`, async (t) => {
    const corbado = await startEmulator({ port: 0 })
    const slug = name.toLowerCase().replaceAll(/\W+/g, '-')
    writeFileSync(join(folder, 'prelude.mjs'), prelude)
    writeFileSync(join(folder, `${slug}.mjs`), lines)
    const app = spawn(process.execPath, ['--import', './prelude.mjs', `./${slug}.mjs`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        ...process.env,
        SESSION_SECRET: 'a secret of the tests, long enough',
        CORBADO_PROJECT_ID: corbado.projectId,
        CORBADO_API_SECRET: corbado.apiSecret,
        CORBADO_BACKEND_API: corbado.url,
      },
    })
    const ended = once(app, 'exit')
    t.teardown(async () => {
      app.kill()
      await ended
      await corbado.close()
    })
    const port = await portOf(app)
    const post = (path: string, body: object, headers: Record<string, string> = {}) =>
      fetch(`http://localhost:${port}/auth${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers },
        body: JSON.stringify(body),
      })

    const login = await post('/verifySignedPasskeyData', { signedPasskeyData: await corbado.signIn('jane') })
    t.equal(login.status, 200)
    t.same(await login.json(), { success: true })
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const issued = await post('/createConnectToken', { type: 'passkey-append' }, { cookie })
    t.equal(issued.status, 200)
    t.match(await issued.json(), { connectToken: /^ctk1_/, expiresAt: Number })
    t.equal((await post('/createConnectToken', { type: 'passkey-append' })).status, 401)
  })
}
