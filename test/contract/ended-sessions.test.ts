import { startEmulator } from '@corbado-connect/emulator'
import { type ConnectEvent, cookieSession, freshLogin, memoryRevocations } from '@corbado-connect/fastify'
import t from 'tap'
import { setClock } from '../core/clock.js'
import { ada, bob, People } from '../support/people.js'
import { type Answer, browser, connectTokenPath, cookieHeader, logIn, send } from '../support/requests.js'
import { contract, creations, optionsFor } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const secret = 'a secret of the tests, 32 bytes long'
const findUser = new People(ada, bob).find
const withCookie = (login: Answer) => ({ ...browser, cookie: cookieHeader(login) })
const statusOfMe = async (app: { port: number }, login: Answer): Promise<number> =>
  (await send(app, { method: 'GET', path: '/me', headers: withCookie(login) })).status
const ask = (app: { port: number }, login: Answer, type: string): Promise<Answer> =>
  send(app, { path: connectTokenPath, headers: withCookie(login), body: { type } })

contract('a session that was ended is over, also for a copy of its cookie', async ({ t, start, see }) => {
  const events: ConnectEvent[] = []
  const session = cookieSession({ secret, revocations: memoryRevocations() })
  const app = await start(optionsFor(upstream, { session, findUser, onEvent: (event) => void events.push(event) }))
  const signIn = async (identifier = ada.identifier): Promise<Answer> => logIn(app, await upstream.signIn(identifier))

  const [signedOut, other] = [await signIn(), await signIn()]
  const answer = await send(app, { path: '/logout', headers: withCookie(signedOut) })
  t.ok(answer.status < 300, `signed out: ${answer.status}`)
  t.strictSame(
    [await statusOfMe(app, signedOut), await statusOfMe(app, other)],
    [401, 200],
    'sign-out ends one session',
  )

  const bobs = await signIn(bob.identifier)
  await app.members.endSessions({ user: ada })
  t.strictSame([await statusOfMe(app, other), await statusOfMe(app, bobs)], [401, 200], 'endSessions ends one user')
  const after = await signIn()
  t.equal(await statusOfMe(app, after), 200, 'a new login works at once')
  see(
    'events',
    events
      .filter(({ type }) => type === 'sessions.ended')
      .map(({ type, reason, identifier }) => [type, reason, identifier]),
  )
})

contract('an old session gets no token that changes passkeys', async ({ t, start, refused }) => {
  const clock = setClock(t, Date.now())
  const session = cookieSession({ secret })
  const app = await start(optionsFor(upstream, { session, findUser, authorizeConnectToken: freshLogin() }))
  const stolen = await logIn(app, await upstream.signIn(ada.identifier))
  t.equal((await ask(app, stolen, 'passkey-append')).status, 200, 'right after the login')

  clock.now += 301_000
  const before = creations(upstream)
  refused('append', await ask(app, stolen, 'passkey-append'), 'FRESH_LOGIN_REQUIRED')
  refused('delete', await ask(app, stolen, 'passkey-delete'), 'FRESH_LOGIN_REQUIRED')
  t.equal(creations(upstream), before, 'Corbado is not asked')
  t.equal((await ask(app, stolen, 'passkey-list')).status, 200, 'listing needs no fresh login')

  const fresh = await logIn(app, await upstream.signIn(ada.identifier))
  t.equal(fresh.status, 200, fresh.text)
  t.equal((await ask(app, fresh, 'passkey-append')).status, 200, 'after a new login')
  refused('append again', await ask(app, stolen, 'passkey-append'), 'FRESH_LOGIN_REQUIRED')
})
