import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { root } from './markdown.js'

const corbado = await startEmulator()
t.teardown(() => corbado.close())

/** An example as a person starts it: its own process, with nothing but its variables. */
function start(example: string, port: number): { app: ChildProcess; output(): string } {
  const app = spawn(process.execPath, [join(root, `examples/${example}/dist/server.js`)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      HOST: '127.0.0.1',
      SESSION_SECRET: 'a secret of the tests, 32 bytes and more',
      CORBADO_PROJECT_ID: corbado.projectId,
      CORBADO_API_SECRET: corbado.apiSecret,
      CORBADO_BACKEND_API: corbado.url,
      FRONTEND_API: corbado.browserUrl,
    },
  })
  let output = ''
  for (const stream of [app.stdout, app.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  return { app, output: () => output }
}

async function occupiedPort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: portOf(server.address()) }
}

async function freePort(): Promise<number> {
  const { server, port } = await occupiedPort()
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    const socket = connect(port, '127.0.0.1')
    const open = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('The app does not listen')
}

for (const example of ['fastify-cookie', 'express-bearer']) {
  t.test(example, async (t) => {
    t.test('a port in use ends it with an error', async (t) => {
      const { server, port } = await occupiedPort()
      t.teardown(() => server.close())
      const { app, output } = start(example, port)
      t.same(await once(app, 'close'), [1, null])
      t.match(output(), /EADDRINUSE/)
      t.notMatch(output(), /[Ll]istening at/)
    })

    t.test('bodies that are not understood, no-store, and the end', async (t) => {
      const port = await freePort()
      const { app } = start(example, port)
      t.teardown(() => app.kill('SIGKILL'))
      await listening(port)
      const post = (path: string, body: string) =>
        fetch(`http://127.0.0.1:${port}${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
          body,
        })
      for (const [path, body, status] of [
        ['/login', '{', 400],
        ['/login', 'null', 400],
        ['/login', `"${'x'.repeat(2_000_000)}"`, 413],
        ['/passkeyIdentifier', '{"email":', 400],
      ] as const) {
        const response = await post(path, body)
        const text = await response.text()
        t.equal(response.status, status, `${path} ${body.slice(0, 10)}`)
        t.match(response.headers.get('content-type'), 'application/json')
        t.notMatch(text, /node_modules| at /, 'no stack')
      }
      const good = await post('/login', '{"email":"jane@example.com","password":"correct horse battery staple"}')
      t.equal(good.status, 200)
      t.equal(good.headers.get('cache-control'), 'no-store')

      const list = await post('/login', '{"email":["jane@example.com"],"password":"correct horse battery staple"}')
      t.match(String(list.status), /^40[01]$/, 'nothing is made a text that is none')
      let limited = list
      for (let tries = 0; tries < 12 && limited.status !== 429; tries += 1) limited = await post('/login', '{}')
      t.equal(limited.status, 429)
      t.match(await limited.json(), { message: String })

      // Browsers open connections in advance; one that nothing was ever asked on must not keep the app.
      const silent = connect(port, '127.0.0.1')
      t.teardown(() => silent.destroy())
      await once(silent, 'connect')
      app.kill('SIGTERM')
      t.same(await once(app, 'close'), [0, null])
    })
  })
}

function portOf(address: AddressInfo | string | null): number {
  if (typeof address !== 'object' || address === null) throw new Error('There is no port')
  return address.port
}
