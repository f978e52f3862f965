import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { ada, bob, HeaderSession, People } from '../support/people.js'
import { logIn, setCookies } from '../support/requests.js'
import { clientFor, comparable, contract, optionsFor, verifications } from './contract.js'
import { startTrap } from './trap.js'
import { answered, type Outcome, outcomes, slowOutcomes } from './verify-outcomes.js'

const upstream = await startEmulator()
const trap = await startTrap()
t.teardown(() => {
  trap.close()
  return upstream.close()
})

const route = 'passkeys.verifySignedData'

/** What every row has to keep. */
function keeps(name: string, table: readonly Outcome[], timeoutMs: number): void {
  contract(name, async ({ t, start, see, refused }) => {
    const session = new HeaderSession()
    const app = await start(optionsFor(upstream, { session, client: { ...clientFor(upstream), timeoutMs } }))
    for (const row of table) {
      upstream.reset()
      session.logins.length = 0
      const token = await upstream.signIn(ada.identifier)
      const fault = upstream.fault({ route, ...row.fault })
      const answer = await logIn(app, token)
      refused(row.name, answer, row.code, row.status)
      t.equal(answer.headers['retry-after'], row.retryAfter, `${row.name}: Retry-After`)
      t.equal(verifications(upstream), 1, `${row.name}: one request upstream`)
      t.equal(fault.hits, 1, `${row.name}: it met the fault`)
      fault.remove()

      const again = await logIn(app, token)
      if (row.token === 'kept') {
        refused(`${row.name}: again`, again, 'TOKEN_ALREADY_USED')
        t.equal(verifications(upstream), 1, `${row.name}: never sent again`)
        t.strictSame(session.logins, [], `${row.name}: no session`)
      } else {
        t.equal(again.status, 200, `${row.name}: the same token works afterwards`)
        see(`${row.name}: again`, again.json)
        t.equal(session.logins.length, 1, `${row.name}: one session`)
      }
    }
    t.equal(trap.hits, 0, 'no redirect was followed')
  })
}

keeps('outcomes of a verification', outcomes(trap.url), 5000)
keeps('outcomes of a verification without an answer in time', slowOutcomes, 300)

contract('an accepted login', async ({ t, start, see, refused }) => {
  const session = new HeaderSession()
  const people = new People(ada, bob)
  const app = await start(optionsFor(upstream, { session, findUser: people.find }))
  upstream.reset()
  upstream.fault({
    route,
    ...answered(
      200,
      { verificationResult: 'success' },
      {
        'set-cookie': 'evil=1',
        location: trap.url,
        'access-control-allow-origin': '*',
        server: 'corbado',
        'x-secret': 's',
      },
    ),
    count: 1,
  })
  const token = await upstream.signIn(ada.identifier)
  const answer = await logIn(app, token)
  t.strictSame([answer.status, answer.json], [200, { success: true, user: ada.identifier }])
  t.strictSame(setCookies(answer), [], 'no cookie of upstream')
  for (const name of ['location', 'access-control-allow-origin', 'server', 'x-secret']) {
    t.equal(answer.headers[name], undefined, `${name} is not forwarded`)
  }
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
  see('answer', comparable(answer))
  t.strictSame(people.askedFor, [ada.identifier], 'findUser, once')
  t.equal(session.logins.length, 1)
  t.equal(session.logins[0]?.user, ada, 'the very user of findUser')
  t.equal(session.logins[0]?.claims?.webauthnId, ada.identifier, 'with the verified claims')
  t.match(upstream.requests({ route })[0]?.body, { username: ada.identifier })
  t.match(upstream.requests({ route })[0]?.headers, {
    authorization: 'Basic …',
    'accept-encoding': 'identity',
    'content-type': 'application/json',
  })
  refused('again', await logIn(app, token), 'TOKEN_ALREADY_USED')

  const second = await logIn(app, await upstream.signIn(bob.identifier))
  t.strictSame(second.json, { success: true, user: bob.identifier })
  see('second', second.json)
})

contract('a polluted prototype is no verdict', async ({ t, start, refused }) => {
  const app = await start(optionsFor(upstream))
  const token = await upstream.signIn(ada.identifier)
  const fault = upstream.fault({ route, ...answered(200, {}) })
  Object.defineProperty(Object.prototype, 'verificationResult', { value: 'success', configurable: true })
  try {
    refused('inherited', await logIn(app, token), 'OUTCOME_UNKNOWN')
  } finally {
    Reflect.deleteProperty(Object.prototype, 'verificationResult')
    fault.remove()
  }
  t.equal(Reflect.get({}, 'verificationResult'), undefined)
})

contract('the expected identifier', async ({ t, start, see, refused }) => {
  const expected = new Map<string, unknown>()
  const session = new HeaderSession()
  const events: unknown[] = []
  const app = await start(
    optionsFor(upstream, {
      session,
      expectedIdentifier: ({ webauthnId }) => String(expected.get(webauthnId) ?? webauthnId),
      onEvent: ({ type, reason, identifier }) => void events.push([type, reason, identifier]),
    }),
  )
  upstream.reset()
  // Even where Corbado would accept any identifier.
  const fault = upstream.fault({ route, ...answered(200, { verificationResult: 'success' }) })
  for (const other of [bob.identifier, ada.identifier.toUpperCase(), 'ad\u00e0-7d4c', `${ada.identifier}0`]) {
    expected.set(ada.identifier, other)
    const token = await upstream.signIn(ada.identifier)
    refused(`expected ${other}`, await logIn(app, token), 'PASSKEY_REJECTED')
    expected.clear()
    t.equal((await logIn(app, token)).status, 200, 'the token was not used up')
    t.strictSame(events.splice(0)[0], ['login.refused', 'user_mismatch', other])
  }
  t.equal(verifications(upstream), 4, 'only the accepted logins reached Corbado')
  session.logins.splice(0)
  expected.set(ada.identifier, '')
  refused('an empty identifier', await logIn(app, await upstream.signIn(ada.identifier)), 'PASSKEY_REJECTED')
  t.strictSame(events.splice(0), [['login.refused', 'expected_identifier', ada.identifier]])
  t.equal(verifications(upstream), 4)
  t.strictSame(session.logins, [])
  fault.remove()
  see('events', events)
})
