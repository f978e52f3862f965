import { type ChannelListener, channel } from 'node:diagnostics_channel'
import { startEmulator } from '@corbado-connect/emulator'
import { type ConnectEvent, decodeSignedPasskeyData, isCorbadoError } from '@corbado-connect/fastify'
import t from 'tap'
import { ada, bob } from '../support/people.js'
import { askForToken, logIn } from '../support/requests.js'
import { frameworks } from '../support/servers.js'
import { runChild } from './child.js'
import { contract, optionsFor, verifications } from './contract.js'
import { answered } from './verify-outcomes.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())
const verify = 'passkeys.verifySignedData'

/** The fields that lead to Corbado's console. */
function idsOf({ processId, credentialId, corbadoUserId, isCUI }: Partial<ConnectEvent>): unknown {
  return JSON.parse(JSON.stringify({ processId, credentialId, corbadoUserId, isCUI }))
}

contract('events of logins lead to the process, passkey and user at Corbado', async ({ t, start, see }) => {
  const events: ConnectEvent[] = []
  const app = await start(optionsFor(upstream, { onEvent: (event) => void events.push(event) }))
  const safe = { processId: 'pro_A-1', credential: 'cre-2', sub: 'usr-3', isCUI: true }
  const whole = { processId: 'pro_A-1', credentialId: 'cre-2', corbadoUserId: 'usr-3', isCUI: true }
  for (const [name, overrides, type, expected] of [
    ['accepted', { claims: safe }, 'login.accepted', whole],
    ['refused by Corbado', { claims: safe, signedBy: 'stranger' }, 'login.refused', whole],
    ['refused before the call', { claims: { ...safe, iss: 'pro-other' } }, 'login.refused', {}],
    [
      'missing',
      { claims: { processId: undefined, credential: undefined, sub: undefined, isCUI: undefined } },
      'login.accepted',
      {},
    ],
    [
      'unsafe',
      { claims: { processId: 'a b', credential: 'cre-1\n', sub: '\u001b[31m', isCUI: 'true' } },
      'login.accepted',
      {},
    ],
    [
      'of another type',
      { claims: { processId: { toString: 1 }, credential: ['cre-1'], sub: 7, isCUI: 1 } },
      'login.accepted',
      {},
    ],
    [
      'too long or empty',
      { claims: { processId: 'a'.repeat(129), credential: '', sub: 'a'.repeat(128), isCUI: false } },
      'login.accepted',
      { corbadoUserId: 'a'.repeat(128), isCUI: false },
    ],
  ] as const) {
    await logIn(app, await upstream.signIn(ada.identifier, overrides))
    const [event, ...others] = events.splice(0)
    t.strictSame(others, [], `${name}: one event`)
    t.equal(event?.type, type, name)
    t.strictSame(idsOf(event ?? {}), expected, name)
    t.ok(
      Object.values(event ?? {}).every((value) => value !== undefined),
      `${name}: no field is undefined`,
    )
    see(name, idsOf(event ?? {}))
  }
  await askForToken(app, ada.identifier)
  t.strictSame(idsOf(events[0] ?? {}), {}, 'a connect token has none of them')
})

contract('step-ups', async ({ t, start, see }) => {
  const seen: { event: ConnectEvent; context: unknown; error: unknown }[] = []
  const app = await start(
    optionsFor(upstream, { onEvent: (event, context, error) => void seen.push({ event, context, error }) }),
  )
  const passkeyOf = (identifier: string, overrides = {}) => upstream.signIn(identifier, overrides)
  const now = Math.floor(Date.now() / 1000)
  const used = await passkeyOf(ada.identifier)
  for (const [name, token, [type, reason, code, statusCode], hasIds, fault] of [
    ['accepted', used, ['step_up.accepted', 'ok'], true],
    ['used before', used, ['step_up.refused', 'replay', 'TOKEN_ALREADY_USED', 409], true],
    [
      'forged',
      await passkeyOf(ada.identifier, { signedBy: 'stranger' }),
      ['step_up.refused', 'invalid_signature', 'PASSKEY_REJECTED', 401],
      true,
    ],
    [
      'of another user',
      await passkeyOf(bob.identifier),
      ['step_up.refused', 'user_mismatch', 'PASSKEY_REJECTED', 401],
      true,
    ],
    [
      'too old',
      await passkeyOf(bob.identifier, { claims: { iat: now - 200, nbf: now - 210, exp: now + 100 } }),
      ['step_up.refused', 'local_too_old', 'PASSKEY_REJECTED', 401],
      true,
    ],
    ['malformed', 'x', ['step_up.refused', 'token_malformed', 'INVALID_REQUEST', 400], false],
    [
      'no verdict',
      await passkeyOf(ada.identifier),
      ['step_up.refused', 'upstream_500', 'OUTCOME_UNKNOWN', 502],
      true,
      answered(500),
    ],
    [
      'wrong credentials',
      await passkeyOf(ada.identifier),
      ['config.error', 'config_upstream_401', 'UPSTREAM_UNAVAILABLE', 503],
      true,
      answered(401),
    ],
  ] as const) {
    const placed = fault === undefined ? undefined : upstream.fault({ route: verify, ...fault })
    const calls = verifications(upstream)
    const before = Date.now()
    const thrown = await app.members.verifyPasskey({ user: ada, signedPasskeyData: token, maxAgeSeconds: 100 }).then(
      () => undefined,
      (error: unknown) => error,
    )
    placed?.remove()
    const [only, ...others] = seen.splice(0)
    t.strictSame(others, [], `${name}: one event`)
    if (only === undefined) throw new Error(`${name}: no event`)
    const { time, durationMs, requestId, processId, credentialId, corbadoUserId, isCUI, ...rest } = only.event
    const errors = code === undefined ? {} : { code: `CORBADO_${code}`, statusCode }
    t.strictSame(rest, { type, reason, ...errors, identifier: ada.identifier }, `${name}: the user of the call`)
    t.equal(only.context, undefined, `${name}: no context`)
    t.equal(only.error, thrown, `${name}: the error that is thrown`)
    t.equal(requestId, isCorbadoError(thrown) ? thrown.requestId : undefined, name)
    t.equal(requestId !== undefined, fault !== undefined, `${name}: Corbado's request ID`)
    t.ok(time >= before && time <= Date.now() && durationMs >= 0 && durationMs < 5000)
    const { claims = {} } = hasIds ? decodeSignedPasskeyData(token) : {}
    t.strictSame([processId, credentialId, corbadoUserId], [claims.processId, claims.credential, claims.sub], name)
    t.equal(isCUI, claims.isCUI)
    if (name === 'of another user') t.equal(verifications(upstream), calls, 'without a call')
    see(name, rest)
  }
  await app.close()
  await t.rejects(app.members.verifyPasskey({ user: ada, signedPasskeyData: used }), { code: 'CORBADO_SHUTTING_DOWN' })
  t.match(seen, [{ event: { type: 'step_up.refused', reason: 'closing', statusCode: 503 } }])
})

contract('a step-up does not depend on onEvent', async ({ t, framework, start }) => {
  for (const onEvent of [
    () => {
      throw new Error('the audit trail is down')
    },
    () => Promise.reject(new Error('the audit trail is down')),
  ]) {
    const app = await start(optionsFor(upstream, { onEvent }))
    const verified = app.members.verifyPasskey({ user: ada, signedPasskeyData: await upstream.signIn(ada.identifier) })
    t.match(await verified, { webauthnId: ada.identifier })
  }
  const { onEvent: _, ...silent } = optionsFor(upstream)
  const lines: string[] = []
  const app = await framework.start(silent, { log: (line) => void lines.push(line) })
  t.teardown(() => app.close())
  const placed = upstream.fault({ route: verify, ...answered(401) })
  const signedPasskeyData = await upstream.signIn(ada.identifier)
  await t.rejects(app.members.verifyPasskey({ user: ada, signedPasskeyData }), { code: 'CORBADO_UPSTREAM_UNAVAILABLE' })
  placed.remove()
  t.notOk(
    lines.some((line) => line.includes('config.error')),
    'the error was thrown to the app, so it is not logged too',
  )
})

contract('the diagnostics channel publishes the same events', async ({ t, start }) => {
  const published: unknown[] = []
  const listener: ChannelListener = (message) => void published.push(message)
  channel('corbado-connect:event').subscribe(listener)
  t.teardown(() => channel('corbado-connect:event').unsubscribe(listener))
  const told: ConnectEvent[] = []
  // No default log of refusals.
  t.intercept(process, 'env', { value: { ...process.env, NODE_ENV: 'production' } })
  const { onEvent: _, ...silent } = optionsFor(upstream)
  for (const options of [optionsFor(upstream, { onEvent: (event) => void told.push(event) }), silent]) {
    published.length = 0
    const app = await start(options)
    await askForToken(app, ada.identifier)
    await askForToken(app, null)
    await logIn(app, await upstream.signIn(ada.identifier))
    await logIn(app, 'x')
    const signedPasskeyData = await upstream.signIn(ada.identifier)
    await app.members.verifyPasskey({ user: ada, signedPasskeyData })
    t.match(published, [
      { type: 'connect_token.issued', identifier: ada.identifier },
      { type: 'connect_token.refused', reason: 'no_user' },
      { type: 'login.accepted', identifier: ada.identifier },
      { type: 'login.refused', reason: 'token_malformed' },
      { type: 'step_up.accepted', identifier: ada.identifier },
    ])
    if (options !== silent) t.strictSame(published, told)
  }
})

t.test('a subscriber that throws changes no answer; Node reports its error to the process', async (t) => {
  const { url, projectId, apiSecret } = upstream
  const tokens = await Promise.all(frameworks.map(() => upstream.signIn(ada.identifier)))
  const args = [url, projectId, apiSecret, ada.identifier, ...tokens]
  const { stdout, stderr, exitCode } = await runChild('failing-subscriber-process.js', args).ended
  t.equal(exitCode, 0, stderr)
  t.strictSame(
    stdout.trim().split('\n'),
    frameworks.map(({ name }) => `${name}: 200 200 409, 3 events, 3 uncaught`),
  )
})
