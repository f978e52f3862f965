import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Emulator, startEmulator } from '@corbado-connect/emulator'
import { transform } from 'esbuild'

/** Gives a block its users, and a free port in place of 3000. */
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

/** A block of the documentation that runs as a server. */
export interface RunningBlock {
  readonly corbado: Emulator
  post(path: string, body: object, headers?: Record<string, string>): Promise<Response>
  stop(): Promise<void>
}

/** Runs a block as printed, in a process of its own, against an emulator. */
export async function runBlock(name: string, code: string, folder: string): Promise<RunningBlock> {
  const corbado = await startEmulator({ port: 0 })
  const slug = name.toLowerCase().replaceAll(/\W+/g, '-')
  writeFileSync(join(folder, `${slug}-prelude.mjs`), prelude)
  const { code: script } = await transform(code, { loader: 'ts', target: 'esnext' })
  writeFileSync(join(folder, `${slug}.mjs`), script)
  const app = spawn(process.execPath, ['--import', `./${slug}-prelude.mjs`, `./${slug}.mjs`], {
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
  const port = await portOf(app)
  return {
    corbado,
    post: (path, body, headers = {}) =>
      fetch(`http://localhost:${port}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      }),
    async stop() {
      app.kill()
      await ended
      await corbado.close()
    },
  }
}

async function portOf(app: ChildProcess): Promise<number> {
  const ended = once(app, 'exit').then(([code]) => {
    throw new Error(`The block ended with ${code} before it listened`)
  })
  const [message]: unknown[] = await Promise.race([once(app, 'message'), ended])
  ended.catch(() => {})
  if (typeof message === 'object' && message !== null && 'port' in message) return Number(message.port)
  throw new Error('The block did not say where it listens')
}
