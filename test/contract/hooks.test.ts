import { startEmulator } from '@corbado-connect/emulator'
import type { ConnectEvent, HttpContext } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, bob, HeaderSession, People } from '../support/people.js'
import { type Answer, askForToken, browser, logIn, send, setCookies } from '../support/requests.js'
import type { Options } from '../support/servers.js'
import { comparable, contract, creations, optionsFor, verifications } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

/** An error of a library: its status says how the library's own call ended. */
class LibraryError extends Error {
  readonly statusCode: unknown
  readonly expose: unknown
  constructor(statusCode: unknown, expose: unknown = undefined) {
    super('index_not_found_exception: no such document [users-prod-eu1/_doc/nobody] at node es-7.internal:9200')
    this.statusCode = statusCode
    this.expose = expose
  }
}

/** What a hook may throw that is not a deliberate refusal. */
const failures: [name: string, thrown: unknown][] = [
  ['an error', new Error('the database is down')],
  ['null', null],
  ['undefined', undefined],
  ['a text', 'down'],
  ['a status of 500', new LibraryError(500, true)],
  ['a status of 399', new LibraryError(399, true)],
  ['a status of 400.5', new LibraryError(400.5, true)],
  ['a status as a string', new LibraryError('403', true)],
  ['a status of 404 of a library', new LibraryError(404)],
  ['a status of 403 that is not to be exposed', new LibraryError(403, false)],
  ['a status of 403 with a wrong expose', new LibraryError(403, 'true')],
  ['an object with a status', { statusCode: 403, expose: true }],
]

const session = (createSession: Options['session']['createSession']): Options['session'] =>
  Object.assign(new HeaderSession(), { createSession })

contract('createSession fails', async ({ t, start, refused }) => {
  for (const [name, thrown] of failures) {
    const throws = (): never => {
      throw thrown
    }
    const failing = { throws, rejects: () => Promise.reject(thrown) }
    for (const [kind, createSession] of Object.entries(failing)) {
      const app = await start(optionsFor(upstream, { session: session(createSession) }))
      upstream.reset()
      const token = await upstream.signIn(ada.identifier)
      refused(`${kind} ${name}`, await logIn(app, token), 'SESSION_FAILED')
      refused(`${kind} ${name}: again`, await logIn(app, token), 'TOKEN_ALREADY_USED')
      t.equal(verifications(upstream), 1, 'asked once')
    }
  }
})

contract('the other hooks fail', async ({ t, start, refused }) => {
  for (const [name, thrown] of failures) {
    const fails = (): never => {
      throw thrown
    }
    upstream.reset()
    const inGetUser = await start(
      optionsFor(upstream, { session: Object.assign(new HeaderSession(), { getUser: fails }) }),
    )
    refused(`getUser ${name}`, await askForToken(inGetUser, ada.identifier), 'HOOK_FAILED')
    refused(`requireUser ${name}`, await send(inGetUser, { method: 'GET', path: '/me' }), 'HOOK_FAILED')
    const inFindUser = await start(optionsFor(upstream, { findUser: fails }))
    refused(`findUser, connect token ${name}`, await askForToken(inFindUser, ada.identifier), 'HOOK_FAILED')
    const inVeto = await start(optionsFor(upstream, { authorizeConnectToken: fails }))
    refused(`authorizeConnectToken ${name}`, await askForToken(inVeto, ada.identifier), 'HOOK_FAILED')
    const inUsername = await start(optionsFor(upstream, { expectedIdentifier: fails }))
    refused(`expectedIdentifier ${name}`, await logIn(inUsername, await upstream.signIn(ada.identifier)), 'HOOK_FAILED')
    t.equal(upstream.count(), 0, 'nothing reached upstream')

    const token = await upstream.signIn(ada.identifier)
    refused(`findUser, login ${name}`, await logIn(inFindUser, token), 'SESSION_FAILED')
    refused(`findUser, login ${name}: again`, await logIn(inFindUser, token), 'TOKEN_ALREADY_USED')
  }
})

contract('a deliberate refusal goes through unchanged', async ({ t, framework, start, see }) => {
  for (const statusCode of [400, 403, 404, 418, 451, 499]) {
    const refuses = (): never => {
      throw framework.adapter.refuse(statusCode, 'This account is locked.', 'ACCOUNT_LOCKED')
    }
    const token = await upstream.signIn(ada.identifier)
    const inCreate = await start(optionsFor(upstream, { session: session(refuses) }))
    const inGetUser = await start(
      optionsFor(upstream, { session: Object.assign(new HeaderSession(), { getUser: refuses }) }),
    )
    const inFindUser = await start(optionsFor(upstream, { findUser: refuses }))
    const inVeto = await start(optionsFor(upstream, { authorizeConnectToken: refuses }))
    const answers: Record<string, Answer> = {
      createSession: await logIn(inCreate, token),
      getUser: await askForToken(inGetUser, ada.identifier),
      findUser: await logIn(inFindUser, await upstream.signIn(ada.identifier)),
      authorizeConnectToken: await askForToken(inVeto, ada.identifier),
      requireUser: await send(inGetUser, { method: 'GET', path: '/me' }),
    }
    for (const [hook, answer] of Object.entries(answers)) {
      t.equal(answer.status, statusCode, `${hook} ${statusCode}`)
      t.match(answer.json, { statusCode, code: 'ACCOUNT_LOCKED', message: 'This account is locked.' })
      // How a route of the application is cached is its own affair.
      if (hook !== 'requireUser') t.equal(answer.headers['cache-control'], 'no-store', `${hook}: not stored`)
      see(`${hook} ${statusCode}`, comparable(answer))
    }
    t.equal((await logIn(inCreate, token)).status, 409, 'a login that the application refused is used up')
  }
})

contract('a refusal may have a number as its code', async ({ t, start, see }) => {
  const refuses = (): never => {
    throw Object.assign(new Error('This account is locked.'), { statusCode: 403, expose: true, code: 1001 })
  }
  const app = await start(optionsFor(upstream, { session: session(refuses) }))
  const answer = await logIn(app, await upstream.signIn(ada.identifier))
  t.match(answer, { status: 403, json: { statusCode: 403, code: 1001, message: 'This account is locked.' } })
  see('answer', comparable(answer))
})

contract('vetoes', async ({ t, start, refused }) => {
  const vetoes: [name: string, veto: () => unknown][] = [
    ['false', () => false],
    ['a promise of false', () => Promise.resolve(false)],
    ['undefined', () => undefined],
    ['a text', () => 'yes'],
    ['1', () => 1],
  ]
  upstream.reset()
  for (const [name, veto] of vetoes) {
    const options = Object.assign(optionsFor(upstream), { authorizeConnectToken: veto })
    refused(name, await askForToken(await start(options), ada.identifier), 'NOT_AUTHORIZED')
  }
  t.equal(creations(upstream), 0)
})

contract('what createSession returns', async ({ t, start, see, refused }) => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const values: [name: string, value: unknown, body: string | null][] = [
    ['an object', { a: 1, b: undefined, c: 'ü' }, '{"a":1,"c":"ü"}'],
    ['an array', [1, 'x'], '[1,"x"]'],
    ['a text', 'ok', '"ok"'],
    ['an empty text', '', '""'],
    ['zero', 0, '0'],
    ['false', false, 'false'],
    ['null', null, 'null'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['a BigInt', 1n, null],
    ['a circle', circular, null],
    ['a function', () => 1, null],
    ['a symbol', Symbol('x'), null],
    ['what has no JSON', { toJSON: () => undefined }, null],
    ['what throws as JSON', { toJSON: () => JSON.parse('{') }, null],
  ]
  for (const [name, value, body] of values) {
    const app = await start(optionsFor(upstream, { session: session(() => value) }))
    const answer = await logIn(app, await upstream.signIn(ada.identifier))
    if (body === null) {
      refused(name, answer, 'SESSION_FAILED')
      continue
    }
    t.strictSame([answer.status, answer.text], [200, body], name)
    t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
    see(name, comparable(answer))
  }
  for (const createSession of [() => undefined, async () => {}]) {
    const app = await start(optionsFor(upstream, { session: session(createSession) }))
    const answer = await logIn(app, await upstream.signIn(ada.identifier))
    t.strictSame([answer.status, answer.text], [204, ''], 'undefined')
    t.equal(answer.headers['content-type'], undefined)
    t.equal(answer.headers['cache-control'], 'no-store')
    see(`undefined ${String(createSession)}`, comparable(answer))
  }
})

contract('createSession answers itself', async ({ t, framework, start, see, refused }) => {
  const own = (context: HttpContext) => framework.respond(context, 201, { own: true })
  const answering: [name: string, createSession: Options['session']['createSession']][] = [
    ['and returns nothing', (_login, context) => own(context)],
    [
      'later',
      async (_login, context) => {
        await new Promise((resolve) => setImmediate(resolve))
        own(context)
      },
    ],
    [
      'and returns something',
      (_login, context) => {
        own(context)
        return { ignored: true }
      },
    ],
    [
      'and returns the response',
      (_login, context) => {
        own(context)
        return framework.responseOf(context)
      },
    ],
    [
      'and returns a promise of the response',
      async (_login, context) => {
        own(context)
        return framework.responseOf(context)
      },
    ],
    [
      'and throws',
      (_login, context) => {
        own(context)
        throw new Error('too late')
      },
    ],
  ]
  for (const [name, createSession] of answering) {
    const events: ConnectEvent[] = []
    const app = await start(
      optionsFor(upstream, { session: session(createSession), onEvent: (event) => void events.push(event) }),
    )
    const token = await upstream.signIn(ada.identifier)
    const answer = await logIn(app, token)
    t.strictSame([answer.status, answer.json], [201, { own: true }], name)
    t.equal(answer.headers['cache-control'], 'no-store', `${name}: not stored`)
    see(name, [answer.status, answer.json])
    refused(`${name}: again`, await logIn(app, token), 'TOKEN_ALREADY_USED')
    t.strictSame(
      events.map(({ type }) => type),
      [name === 'and throws' ? 'login.refused' : 'login.accepted', 'login.refused'],
      `${name}: one event each`,
    )
  }

  const unsent: [name: string, createSession: Options['session']['createSession']][] = [
    ['the response unsent', (_login, context) => framework.responseOf(context)],
    ['a promise of the response unsent', async (_login, context) => framework.responseOf(context)],
    ['the facade', (_login, { http }) => http],
  ]
  for (const [name, createSession] of unsent) {
    const app = await start(optionsFor(upstream, { session: session(createSession) }))
    refused(name, await logIn(app, await upstream.signIn(ada.identifier)), 'SESSION_FAILED')
  }
})

contract('every refusal of a login is the same answer', async ({ t, start, see }) => {
  const people = new People(ada, { identifier: 'eve', suspended: true })
  const someoneElse = await start(optionsFor(upstream, { findUser: () => bob }))
  const app = await start(optionsFor(upstream, { findUser: people.find }))
  const refusals: Record<string, Answer> = {
    'by Corbado': await logIn(app, await upstream.signIn(ada.identifier, { signedBy: 'stranger' })),
    'by the local check': await logIn(app, await upstream.signIn(ada.identifier, { claims: { iss: 'pro-2' } })),
    'an unknown user': await logIn(app, await upstream.signIn('nobody')),
    'a suspended user': await logIn(app, await upstream.signIn('eve')),
    'findUser finds somebody else': await logIn(someoneElse, await upstream.signIn(ada.identifier)),
  }
  const bytes = ({ status, headers, text }: Answer) => ({ status, text, headers: { ...headers, date: '' } })
  for (const [name, answer] of Object.entries(refusals)) {
    t.strictSame(bytes(answer), bytes(refusals['by Corbado'] ?? answer), name)
    t.equal(answer.status, 401)
    see(name, comparable(answer))
  }
})

contract('the context of a hook', async ({ t, framework, start, see }) => {
  const attributes = { httpOnly: true, secure: true, sameSite: 'strict', path: '/', maxAge: 60 } as const
  const read: unknown[] = []
  const app = await start(
    optionsFor(upstream, {
      session: {
        getUser: () => null,
        createSession(_login, context) {
          const { http } = context
          t.strictSame(Object.keys(context).sort(), framework.contextNames)
          read.push(['a', 'b', 'c', 'd', '__proto__', 'none'].map((name) => http.cookie(name) ?? null))
          read.push([http.ip, http.answered, http.header('x-many') ?? null, http.header('none') ?? null])
          http.appendCookie('first', 'ü ;,"%', attributes)
          http.appendCookie('second', 'x', { httpOnly: false, secure: false, sameSite: 'lax', path: '/auth' })
          http.clearCookie('third', attributes)
          return {}
        },
      },
    }),
  )
  const cookies: string[] = ['a=1; b=%C3%BC; c="quoted"; d=%E0%A4%A; a=2', 'a=; =x; ; b', 'A=1;a = 2 ;__proto__=x', '']
  for (const cookie of cookies) {
    const headers = { ...browser, 'x-many': ['1', '2'], cookie }
    const answer = await logIn(app, await upstream.signIn(ada.identifier), headers)
    t.equal(answer.status, 200, cookie)
    see(`read ${cookie}`, read.splice(0))
    t.equal(setCookies(answer).length, 3, 'appended, not replaced')
    see(`set ${cookie}`, setCookies(answer))
  }
})

contract('the members that an application uses', async ({ t, start, see, refused }) => {
  const logins: unknown[] = []
  const people = new People(ada)
  const hooks = Object.assign(new HeaderSession(), {
    createSession: (login: unknown) => {
      logins.push(login)
      return { signedIn: true }
    },
  })
  const app = await start(optionsFor(upstream, { session: hooks, findUser: people.find }))
  const signedIn = await send(app, { path: '/login', body: { identifier: ada.identifier } })
  t.strictSame([signedIn.status, signedIn.json], [200, { signedIn: true }], 'signIn gives what createSession returned')
  t.strictSame(logins, [{ user: { identifier: ada.identifier }, by: 'app' }])
  see('signIn', signedIn.json)

  const asAda = { ...browser, 'x-test-user': ada.identifier }
  const me = await send(app, { method: 'GET', path: '/me', headers: asAda })
  t.strictSame([me.status, me.json], [200, { ...ada }])
  see('me', me.json)
  refused('nobody', await send(app, { method: 'GET', path: '/me' }), 'NOT_AUTHENTICATED')
  refused(
    'user without requireUser',
    await send(app, { method: 'GET', path: '/unguarded', headers: asAda }),
    'NOT_AUTHENTICATED',
  )
  people.suspend(ada.identifier)
  refused('suspended', await send(app, { method: 'GET', path: '/me', headers: asAda }), 'NOT_AUTHENTICATED')
  const signedOut = await send(app, { path: '/logout', headers: asAda })
  t.equal(signedOut.status, 500, 'hooks without destroySession cannot sign out')
  see('signOut', signedOut.json)

  const failing = await start(optionsFor(upstream, { session: session(() => Promise.reject(new Error('down'))) }))
  refused(
    'signIn fails',
    await send(failing, { path: '/login', body: { identifier: ada.identifier } }),
    'SESSION_FAILED',
  )
})
