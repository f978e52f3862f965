import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmulator } from '@corbado-connect/emulator'
import { accessTokenSession, cookieSession, corbadoConnect, type FastifyContext } from '@corbado-connect/fastify'
import fastifyCookie from '@fastify/cookie'
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
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

t.test("the app's own way to read cookies, and a neighbour that calls something else cookies", async (t) => {
  const unreadable = { path: '/', decode: () => 'unreadable' }
  const neighbours: ((app: FastifyInstance) => unknown)[] = [
    (app) => app.register(fastifyCookie, { parseOptions: unreadable }),
    (app) => app.decorateRequest('cookies', { getter: () => ({}) }),
  ]
  for (const neighbour of neighbours) {
    const app = Fastify()
    t.teardown(() => app.close())
    await neighbour(app)
    await app.register(corbadoConnect, {
      client: { projectId, apiSecret, backendApi },
      session: cookieSession({ secret: randomUUID() }),
      findUser: (identifier) => ({ identifier }),
    })
    app.get('/me', { onRequest: [app.corbadoConnect.requireUser] }, (request) => app.corbadoConnect.user(request))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const login = await fetch(`${url}/auth/verifySignedPasskeyData`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ signedPasskeyData: await upstream.signIn('ada') }),
    })
    t.equal(login.status, 200)
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    t.strictSame(await (await fetch(`${url}/me`, { headers: { cookie } })).json(), { identifier: 'ada' })
  }
})

t.test('a hook that answers itself while onSend hooks of the app take their time', async (t) => {
  const own = (reply: FastifyReply) => reply.code(201).send({ own: true })
  const answering: [name: string, createSession: (login: unknown, context: FastifyContext) => unknown][] = [
    ['and returns nothing', (_login, { reply }) => void own(reply)],
    ['and returns the reply', (_login, { reply }) => own(reply)],
    ['and awaits the reply', async (_login, { reply }) => void (await own(reply))],
    ['by a redirect', (_login, { reply }) => void reply.redirect('/welcome', 201)],
    [
      'and fails',
      (_login, { reply }) => {
        own(reply)
        throw new Error('too late')
      },
    ],
  ]
  for (const [name, createSession] of answering) {
    const events: string[] = []
    const app = Fastify()
    t.teardown(() => app.close())
    let sent = 0
    app.addHook('onSend', async (_request, _reply, payload) => {
      sent += 1
      await new Promise((resolve) => setImmediate(resolve))
      return payload
    })
    await app.register(corbadoConnect, {
      client: { projectId, apiSecret, backendApi },
      session: { getUser: () => null, createSession, allowNonBrowserClients: true },
      findUser: (identifier) => ({ identifier }),
      onEvent: ({ type }) => void events.push(type),
    })
    const origin = await app.listen({ port: 0, host: '127.0.0.1' })
    const answer = await fetch(`${origin}/auth/verifySignedPasskeyData`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ signedPasskeyData: await upstream.signIn('ada') }),
    })
    t.equal(answer.status, 201, name)
    if (name !== 'by a redirect') t.strictSame(await answer.json(), { own: true }, name)
    t.equal(sent, 1, `${name}: sent once`)
    t.strictSame(events, [name === 'and fails' ? 'login.refused' : 'login.accepted'], name)
  }
})
