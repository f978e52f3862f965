import { once } from 'node:events'
import { createServer } from 'node:net'
import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { examples, spawnExample, startExampleProcess } from '../support/example-app.js'
import { portOf } from '../support/ports.js'

const corbado = await startEmulator()
t.teardown(() => corbado.close())

for (const example of examples) {
  t.test(example, async (t) => {
    t.test('exits with an error when its port is in use', async (t) => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.teardown(() => server.close())
      const app = spawnExample(example, corbado, portOf(server.address()))
      t.same(await app.ended, [1, null])
      t.match(app.output(), /EADDRINUSE/)
      t.notMatch(app.output(), /[Ll]istening at/)
    })

    t.test('answers invalid and excessive requests as JSON', async (t) => {
      const { child, port } = await startExampleProcess(example, corbado)
      t.teardown(() => child.kill('SIGKILL'))
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
        t.notMatch(text, /node_modules| at /, 'contains no stack trace')
      }
      const good = await post('/login', '{"email":"jane@example.com","password":"correct horse battery staple"}')
      t.equal(good.status, 200)
      t.equal(good.headers.get('cache-control'), 'no-store')

      const list = await post('/login', '{"email":["jane@example.com"],"password":"correct horse battery staple"}')
      t.match(String(list.status), /^40[01]$/, 'does not convert an array into a string')
      let limited = list
      for (let tries = 0; tries < 12 && limited.status !== 429; tries += 1) limited = await post('/login', '{}')
      t.equal(limited.status, 429)
      t.match(await limited.json(), { message: String })
    })
  })
}
