import { setMaxListeners } from 'node:events'
import t from 'tap'
import { clientOf, create, summary, verify } from './corbado-calls.js'
import { silence, startFaultServer } from './fault-server.js'

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
