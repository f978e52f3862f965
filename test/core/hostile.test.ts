import { setMaxListeners } from 'node:events'
import { mock } from 'node:test'
import t from 'tap'
import { clientOf, create, summary, verify } from './corbado-calls.js'
import { silence, startFaultServer } from './fault-server.js'
import { connectOver } from './flows.js'
import { newContext } from './http-context.js'
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
