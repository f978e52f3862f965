import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmulator } from '@corbado-connect/emulator'
import t, { type Test } from 'tap'
import { type ExampleProcess, examples, startExampleProcess } from '../support/example-app.js'
import { codeBlocks, readPage } from './markdown.js'

const corbado = await startEmulator()
t.teardown(() => corbado.close())

async function start(t: Test, example: (typeof examples)[number]): Promise<ExampleProcess> {
  const app = await startExampleProcess(example, corbado)
  t.teardown(() => app.child.kill('SIGKILL'))
  return app
}

async function openConnection(t: Test, port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** Sends SIGTERM and returns how long the process took to end, in ms. */
async function terminate(t: Test, { child, ended }: ExampleProcess): Promise<number> {
  const sentAt = performance.now()
  child.kill('SIGTERM')
  t.same(await ended, [0, null], 'ends by itself')
  return performance.now() - sentAt
}

for (const example of examples) {
  t.test(`${example}: a second SIGTERM does not cut off a login in progress`, async (t) => {
    const app = await start(t, example)
    const { login, proxy } = await loginThroughProxy(t, app)
    t.ok(app.child.kill('SIGTERM'))
    await sleep(200)
    t.ok(app.child.kill('SIGTERM'))
    t.match(await login, { status: 200, text: /"success":true/ })
    const answeredAt = performance.now()
    t.same(await app.ended, [0, null])
    const tookMs = performance.now() - answeredAt
    t.ok(tookMs < 3000, `closes the connection that the proxy keeps open: ${Math.round(tookMs)} ms`)
    proxy.destroy()
  })

  t.test(`${example}: ends although a proxy keeps using its connection`, async (t) => {
    const app = await start(t, example)
    const { login, proxy } = await loginThroughProxy(t, app)
    const ended = terminate(t, app)
    t.match(await login, { status: 200 })
    let answered = true
    while (answered) {
      answered = await send(app.port, proxy, 'GET', '/me').then(
        () => true,
        () => false,
      )
    }
    const tookMs = await ended
    t.ok(tookMs < 6000, `took ${Math.round(tookMs)} ms`)
  })
}

t.test('a client that never finishes its request cannot hold the process longer than 10 seconds', async (t) => {
  const cases = examples.flatMap((example) => [
    // Browsers open connections in advance.
    { example, sent: '' },
    {
      example,
      sent: 'POST /auth/verifySignedPasskeyData HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    },
    { example, sent: 'POST /login HTTP/1.1\r\nhost: x\r\nsec-fetch-' },
  ])
  const ended = cases.map(async ({ example, sent }) => {
    const app = await start(t, example)
    await openConnection(t, app.port, sent)
    await sleep(300)
    const tookMs = await terminate(t, app)
    t.ok(tookMs < 13_000, `${example} after ${JSON.stringify(sent.slice(0, 20))} took ${Math.round(tookMs)} ms`)
  })
  await Promise.all(ended)
})

/** Starts a login that takes 1.5 seconds, on a connection that is kept open, and returns while it is in progress. */
async function loginThroughProxy(t: Test, { port }: ExampleProcess) {
  const proxy = new Agent({ keepAlive: true, maxSockets: 1 })
  const slow = corbado.fault({ route: 'passkeys.verifySignedData', kind: 'latency', latencyMs: 1500 })
  t.teardown(() => {
    proxy.destroy()
    slow.remove()
  })
  const { text } = await send(port, proxy, 'POST', '/passkeyIdentifier', { email: 'jane@example.com' })
  const signedPasskeyData = await corbado.signIn(JSON.parse(text).identifier)
  const verifications = corbado.requests().length
  const login = send(port, proxy, 'POST', '/auth/verifySignedPasskeyData', { signedPasskeyData })
  while (corbado.requests().length === verifications) await sleep(20)
  return { login, proxy }
}

function send(port: number, agent: Agent, method: string, path: string, body?: object) {
  const headers = { 'sec-fetch-site': 'same-origin', ...(body && { 'content-type': 'application/json' }) }
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, agent, method, path, headers }, async (response) => {
      const chunks = await response.toArray().catch(reject)
      if (chunks) resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() })
    })
    sent.once('error', reject)
    sent.end(body && JSON.stringify(body))
  })
}

t.test('docs/production.md prints the code of the examples', async (t) => {
  const block = codeBlocks('docs/production.md').find(({ heading }) => heading === 'Shutdown')
  t.equal(block?.code, readPage('examples/shutdown/src/index.ts'))
})
