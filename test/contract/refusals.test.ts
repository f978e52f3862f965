import { startEmulator } from '@corbado-connect/emulator'
import type { ConnectEvent } from '@corbado-connect/fastify'
import fastifySensible from '@fastify/sensible'
import Fastify from 'fastify'
import createError from 'http-errors'
import t from 'tap'
import { ada, HeaderSession } from '../support/people.js'
import { askForToken, logIn } from '../support/requests.js'
import { comparable, contract, optionsFor } from './contract.js'

const upstream = await startEmulator()
const sensible = Fastify()
await sensible.register(fastifySensible)
t.teardown(() => Promise.all([upstream.close(), sensible.close()]))

contract('errors of http-errors and @fastify/sensible refuse a request', async ({ t, start, see }) => {
  const refusals: [name: string, refusal: Error, status: number][] = [
    ['http-errors', createError(403, 'This account is locked.'), 403],
    ['http-errors, not found', new createError.NotFound('No such account.'), 404],
    ['@fastify/sensible', sensible.httpErrors.forbidden('This account is locked.'), 403],
  ]
  for (const [name, refusal, status] of refusals) {
    const events: ConnectEvent[] = []
    const throws = (): never => {
      throw refusal
    }
    const session = Object.assign(new HeaderSession(), { createSession: throws })
    const app = await start(optionsFor(upstream, { session, onEvent: (event) => void events.push(event) }))
    const answer = await logIn(app, await upstream.signIn(ada.identifier))
    t.match(answer, { status, json: { statusCode: status, message: refusal.message } }, name)
    t.match(events, [{ type: 'login.refused', reason: 'hook', statusCode: status }])
    see(name, comparable(answer))
  }
})

contract('errors of libraries do not refuse a request', async ({ t, start, see, refused }) => {
  const inside = 'no such document [users-prod-eu1/_doc/nobody] at node es-7.internal:9200'
  const errors: [name: string, error: Error][] = [
    ['Elasticsearch', Object.assign(new Error(inside), { name: 'ResponseError', statusCode: 404, meta: { body: {} } })],
    ['AWS', Object.assign(new Error(inside), { statusCode: 400, code: 'ResourceNotFoundException', retryable: false })],
    ['Stripe', Object.assign(new Error(inside), { type: 'StripeInvalidRequestError', statusCode: 404, raw: {} })],
    ['http-errors, not exposed', createError(403, inside, { expose: false })],
    ['http-errors, 500', createError(500, inside)],
  ]
  for (const [name, error] of errors) {
    const events: ConnectEvent[] = []
    const causes: unknown[] = []
    const app = await start(
      optionsFor(upstream, {
        findUser: () => Promise.reject(error),
        onEvent(event, _context, thrown) {
          events.push(event)
          if (thrown instanceof Error) causes.push(thrown.cause)
        },
      }),
    )
    const login = await logIn(app, await upstream.signIn(ada.identifier))
    refused(`${name}, login`, login, 'SESSION_FAILED')
    const token = await askForToken(app, ada.identifier)
    refused(`${name}, connect token`, token, 'HOOK_FAILED')
    t.notMatch(login.text + token.text, 'internal', 'the client reads nothing of it')
    t.strictSame(
      events.map(({ type, reason, statusCode }) => [type, reason, statusCode]),
      [
        ['login.refused', 'findUser_failed', 500],
        ['connect_token.refused', 'findUser_failed', 500],
      ],
    )
    t.equal(causes[0], error, 'the log gets it whole')
    see(name, events.length)
  }
})

contract(
  'an error of ours goes through, unless it asks for a used-up token again',
  async ({ t, framework, start, refused, see }) => {
    const { CorbadoError } = framework.adapter
    const unavailable = new CorbadoError('STORE_UNAVAILABLE', { reason: 'rate_limit_store' })
    const throws = (error: Error) => (): never => {
      throw error
    }
    const inGetUser = await start(
      optionsFor(upstream, { session: Object.assign(new HeaderSession(), { getUser: throws(unavailable) }) }),
    )
    refused('getUser', await askForToken(inGetUser, ada.identifier), 'STORE_UNAVAILABLE')
    const inCreate = await start(
      optionsFor(upstream, { session: Object.assign(new HeaderSession(), { createSession: throws(unavailable) }) }),
    )
    refused('createSession', await logIn(inCreate, await upstream.signIn(ada.identifier)), 'SESSION_FAILED')
    const refusing = await start(
      optionsFor(upstream, {
        session: Object.assign(new HeaderSession(), { createSession: throws(new CorbadoError('NOT_AUTHORIZED')) }),
      }),
    )
    refused('a refusal', await logIn(refusing, await upstream.signIn(ada.identifier)), 'NOT_AUTHORIZED')
    see('done', t.passing())
  },
)

contract('a user without an identifier is a defect of the application', async ({ t, start, refused, see }) => {
  const secret = 'jane@example.com'
  const users: [name: string, user: unknown, described: RegExp][] = [
    ['another name', { id: ada.identifier, email: secret }, /the properties id, email\)/],
    ['a number', { identifier: 7, email: secret }, /the properties identifier, email\)/],
    ['no properties', {}, /\(an object without properties\)/],
    ['true', true, /\(a boolean\)/],
    ['many', Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`p${index}`, secret])), /p19, …\)/],
  ]
  for (const [name, user, described] of users) {
    const seen: [event: ConnectEvent, error: unknown][] = []
    const app = await start(
      Object.assign(optionsFor(upstream, { onEvent: (event, _context, error) => void seen.push([event, error]) }), {
        findUser: () => user,
      }),
    )
    refused(`${name}, login`, await logIn(app, await upstream.signIn(ada.identifier)), 'SESSION_FAILED')
    refused(`${name}, connect token`, await askForToken(app, ada.identifier), 'HOOK_FAILED')
    for (const [event, error] of seen) {
      t.match(event, { reason: 'user_without_identifier', statusCode: 500 }, name)
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : ''
      t.match(cause, described, name)
      t.ok(cause.includes(`findUser("${ada.identifier}")`), 'says which identifier was asked for')
      t.notOk(cause.includes(secret), 'no values')
    }
    see(name, seen.length)
  }
})
