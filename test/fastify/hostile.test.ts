import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmulator } from '@corbado-connect/emulator'
import { accessTokenSession, corbadoConnect } from '@corbado-connect/fastify'
import Fastify from 'fastify'
import t from 'tap'

const upstream = await startEmulator()
t.teardown(() => upstream.close())
const { projectId, apiSecret, url: backendApi } = upstream

t.test('behind a Unix socket, where no client has an address', async (t) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(corbadoConnect, {
    client: { projectId, apiSecret, backendApi },
    session: accessTokenSession({ secret: randomUUID() }),
    findUser: (identifier) => ({ identifier }),
  })
  const socketPath = join(tmpdir(), `corbado-connect-${randomUUID()}.sock`)
  await app.listen({ path: socketPath })
  const body = JSON.stringify({ signedPasskeyData: await upstream.signIn('ada') })
  const status = await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sent = request({ socketPath, path: '/auth/verifySignedPasskeyData', method: 'POST', headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode))
    })
    sent.on('error', reject)
    sent.end(body)
  })
  t.equal(status, 200, 'they share one limit')
})
