import { startEmulator } from '@corbado-connect/emulator'
import { cookieSession, type HttpContext, type SessionLogin } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, type Person } from '../support/people.js'
import { type Answer, browser, cookieHeader, logIn, send, setCookies } from '../support/requests.js'
import type { Options } from '../support/servers.js'
import { contract, optionsFor } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const cookies = cookieSession({ secret: 'a secret of the tests, 32 bytes long' })

/** Sets cookies in every way that a hook has: through the facade, through the framework, and past it. */
function setCookiesEverywhere(context: HttpContext): void {
  context.http.appendCookie('facade', '1', { httpOnly: true, secure: true, sameSite: 'lax', path: '/' })
  const res: unknown = Reflect.get(context, 'res')
  const reply: unknown = Reflect.get(context, 'reply')
  if (isResponse(res)) {
    res.cookie('native', '1')
    res.setHeader('x-hook', 'ran')
  }
  if (isReply(reply)) {
    reply.header('set-cookie', 'native=1')
    reply.setCookie?.('plugin', '1')
    reply.raw.setHeader('set-cookie', ['raw=1'])
  }
}

interface NativeResponse {
  cookie(name: string, value: string): unknown
  setHeader(name: string, value: string): unknown
}
interface NativeReply {
  header(name: string, value: string): unknown
  setCookie?(name: string, value: string): unknown
  readonly raw: { setHeader(name: string, value: string[]): unknown }
}
const isResponse = (value: unknown): value is NativeResponse => typeof value === 'object' && value !== null
const isReply = (value: unknown): value is NativeReply => typeof value === 'object' && value !== null

/** Ends of a `createSession` that has created the session already. */
const ends: [name: string, status: number, end: (refuse: Refuse) => unknown][] = [
  [
    'the account is locked',
    403,
    (refuse) => {
      throw refuse(403, 'This account is locked.')
    },
  ],
  ['the audit table is down', 500, () => Promise.reject(new Error('the audit table is down'))],
  ['the answer cannot be sent', 500, () => 1n],
]
type Refuse = typeof import('@corbado-connect/fastify').refuse

contract('a login that fails sets no cookie', async ({ t, framework, start, see }) => {
  for (const [name, status, end] of ends) {
    const session: Options['session'] = {
      ...cookies,
      async createSession(login: SessionLogin<Person>, context: HttpContext) {
        await cookies.createSession(login, context)
        setCookiesEverywhere(context)
        return end(framework.adapter.refuse)
      },
    }
    const app = await start(optionsFor(upstream, { session }))
    const answers: Record<string, Answer> = {
      passkey: await logIn(app, await upstream.signIn(ada.identifier)),
      signIn: await send(app, { path: '/login', body: { identifier: ada.identifier } }),
    }
    for (const [how, answer] of Object.entries(answers)) {
      t.equal(answer.status, status, `${how}: ${name}`)
      t.strictSame(setCookies(answer), [], `${how}: ${name}: no cookie`)
      const me = await send(app, { method: 'GET', path: '/me', headers: { ...browser, cookie: cookieHeader(answer) } })
      t.equal(me.status, 401, `${how}: ${name}: nobody is signed in`)
      see(`${how}: ${name}`, answer.status)
    }
  }
})

contract('a login that fails keeps the cookies that were set before', async ({ t, start, see }) => {
  const attributes = { httpOnly: true, secure: true, sameSite: 'lax', path: '/' } as const
  for (const before of [['theme'], ['theme', 'language']]) {
    const session: Options['session'] = {
      ...cookies,
      async createSession(login: SessionLogin<Person>, context: HttpContext) {
        await cookies.createSession(login, context)
        setCookiesEverywhere(context)
        throw new Error('down')
      },
    }
    const app = await start(
      optionsFor(upstream, {
        session,
        expectedIdentifier({ webauthnId }, { http }) {
          for (const name of before) http.appendCookie(name, 'x', attributes)
          return webauthnId
        },
      }),
    )
    const answer = await logIn(app, await upstream.signIn(ada.identifier))
    const names = setCookies(answer).map((header) => header.split('=', 1)[0])
    t.strictSame([answer.status, names], [500, before])
    see(before.join(), names)
  }
})

contract('a login that succeeds keeps every cookie', async ({ t, start, see }) => {
  const session: Options['session'] = {
    ...cookies,
    async createSession(login: SessionLogin<Person>, context: HttpContext) {
      context.http.appendCookie('facade', '1', { httpOnly: true, secure: true, sameSite: 'lax', path: '/' })
      return cookies.createSession(login, context)
    },
  }
  const app = await start(optionsFor(upstream, { session }))
  const answer = await logIn(app, await upstream.signIn(ada.identifier))
  const names = setCookies(answer).map((header) => header.split('=', 1)[0])
  t.strictSame([answer.status, names], [200, ['facade', '__Host-corbado_connect_session']])
  see('names', names)
})
