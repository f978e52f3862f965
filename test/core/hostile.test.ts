import { setMaxListeners } from 'node:events'
import { mock } from 'node:test'
import { inspect } from 'node:util'
import type { ConnectUser } from '@corbado-connect/core'
import t from 'tap'
import { clientOf, create, summary, verify } from './corbado-calls.js'
import { silence, startFaultServer } from './fault-server.js'
import { connectOver } from './flows.js'
import { newContext } from './http-context.js'
import { addressKey } from './internals.js'
import { tokenOf } from './passkey-tokens.js'
import { verdictOf } from './scripted-upstream.js'

t.test('nobody gets through to Corbado: what gave up still counts, and close does not wait for it', async (t) => {
  for (const call of [verify, create]) {
    // Accepts connections and never ends a TLS handshake.
    const server = await startFaultServer(silence, { onBytes: () => {} })
    const client = clientOf({ origin: server.httpsOrigin }, { timeoutMs: 60_000 })
    const reason = new Error('the client left')
    const leaving = new AbortController()
    setMaxListeners(0, leaving.signal)
    const calls = Array.from({ length: 640 }, () => call(client, leaving.signal))
    leaving.abort(reason)
    const outcomes = await Promise.allSettled(calls)
    t.ok(outcomes.every((outcome) => outcome.status === 'rejected' && outcome.reason === reason))
    t.equal(summary(await call(client)), '503 OVERLOADED retryable', 'the queue is still full of them')
    await client.close()
    await client.close()
    t.equal(server.requests.length, 0)
    await server.close()
  }
})

t.test('a hook that never ends does not keep close from ending', async (t) => {
  let entered = (): void => {}
  const inHook = new Promise<void>((resolve) => {
    entered = resolve
  })
  const { connect } = connectOver(() => verdictOf('success'), {
    createSession() {
      entered()
      return new Promise(() => {})
    },
  })
  void connect.verifyLogin({ signedPasskeyData: tokenOf('ada') }, newContext())
  await inHook
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  let closed = false
  const closing = connect.close().then(() => {
    closed = true
  })
  mock.timers.tick(9999)
  await new Promise((resolve) => setImmediate(resolve))
  t.notOk(closed, 'it is waited for')
  mock.timers.tick(1)
  await closing
})

t.test('wherever a failing hook puts the token: what is thrown on does not show it', async (t) => {
  const nested = (levels: number, token: string): Error =>
    levels === 0 ? new Error(token) : new Error('failed', { cause: nested(levels - 1, token) })
  const errors: Record<string, (token: string) => unknown> = {
    'the fourth cause': (token) => nested(4, token),
    'the tenth cause': (token) => nested(10, token),
    'a cause that is a text': (token) => new Error('failed', { cause: token }),
    'a Map': (token) => Object.assign(new Error('failed'), { headers: new Map([['body', token]]) }),
    'a Set': (token) => Object.assign(new Error('failed'), { seen: new Set([token]) }),
    'a symbol': (token) => Object.assign(new Error('failed'), { [Symbol('body')]: token }),
    'a name': (token) => Object.assign(new Error('failed'), { [token]: true }),
    'a circle of causes': (token) => {
      const [first, second] = [new Error('failed'), new Error(token)]
      first.cause = second
      second.cause = first
      return first
    },
  }
  for (const [name, errorWith] of Object.entries(errors)) {
    const token = tokenOf(`ada ${name}`)
    const { connect } = connectOver(() => verdictOf('success'), {
      createSession() {
        throw errorWith(token)
      },
    })
    const error: unknown = await connect
      .verifyLogin({ signedPasskeyData: token }, newContext())
      .catch((e: unknown) => e)
    t.match(error, { code: 'CORBADO_SESSION_FAILED' }, name)
    t.notOk(inspect(error, { depth: 20, showHidden: true }).includes(token), name)
  }
})

t.test('a display name that is none is the fault of a hook, and is not sent', async (t) => {
  const { connect, sent } = connectOver(() => verdictOf('success'))
  for (const displayName of ['5', 'true', '{}', '["Ada"]']) {
    // As JavaScript would hand it over.
    const user: ConnectUser = JSON.parse(`{"identifier":"ada","displayName":${displayName}}`)
    const issued = connect.issueConnectToken({ user, type: 'passkey-append' })
    await t.rejects(issued, { code: 'CORBADO_HOOK_FAILED', reason: 'user_display_name' })
  }
  t.strictSame(sent, [])
})

t.test('a proxy that writes the port behind the address: still one client', async (t) => {
  const spellings = [
    ['203.0.113.9', '203.0.113.9:50123', '[::ffff:203.0.113.9]:50123'],
    ['2001:db8::1', '[2001:db8::2]', '[2001:db8::3]:50123'],
  ]
  for (const addresses of spellings) t.equal(new Set(addresses.map(addressKey)).size, 1, addresses.join(' '))
  const [start, slow] = [performance.now(), `[${'1.'.repeat(8000)}:`]
  for (const text of [slow, slow.slice(1), '['.repeat(16_000), `${'9'.repeat(16_000)}:`])
    t.equal(addressKey(text), text.slice(0, 64), 'what is not an address is bounded')
  t.ok(performance.now() - start < 100, 'no string takes long')
})
