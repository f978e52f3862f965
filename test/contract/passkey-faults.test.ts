import type { ConnectEvent } from '@corbado-connect/fastify'
import { ada } from '../support/people.js'
import { contract, optionsFor } from './contract.js'
import { others, passkeyIds, seed, upstream } from './passkey-owners.js'

const html = { kind: 'status', status: 200, body: '<!doctype html>', headers: { 'content-type': 'text/html' } } as const
const faults = [
  ['500', { kind: 'status', status: 500 }, ['CORBADO_UPSTREAM_REJECTED', 'CORBADO_UPSTREAM_UNAVAILABLE']],
  ['429', { kind: 'status', status: 429, headers: { 'retry-after': '30' } }, ['CORBADO_UPSTREAM_BUSY']],
  ['401', { kind: 'status', status: 401 }, ['CORBADO_UPSTREAM_UNAVAILABLE']],
  ['HTML', html, ['CORBADO_UPSTREAM_INVALID_RESPONSE']],
  ['reset', { kind: 'reset' }, ['CORBADO_UPSTREAM_UNAVAILABLE']],
  ['time-out', { kind: 'hang' }, ['CORBADO_UPSTREAM_TIMEOUT']],
] as const

contract('a call that fails says so, and can be repeated', async (scene) => {
  const { t } = scene
  const events: ConnectEvent[] = []
  const { projectId, apiSecret, url } = upstream
  const app = await scene.start(
    optionsFor(upstream, {
      client: { projectId, apiSecret, backendApi: url, timeoutMs: 1000 },
      onEvent: (event) => void events.push(event),
    }),
  )
  const { passkeys, forgetUser } = app.members
  for (const [name, fault, codes] of faults) {
    for (const route of ['users.list', 'credentials.delete', 'users.delete'] as const) {
      if (fault.kind === 'hang' && route === 'users.list') continue
      seed()
      events.length = 0
      const before = others()
      const placed = upstream.fault({ ...fault, route })
      const error: unknown = await forgetUser(ada).catch((thrown: unknown) => thrown)
      const code = error instanceof Error && 'code' in error ? String(error.code) : `no error: ${String(error)}`
      t.ok(
        codes.some((known) => known === code),
        `${name}, ${route}: ${code}`,
      )
      scene.see(`${name}, ${route}`, code)
      t.ok(placed.hits >= 1)
      t.notOk(events.some(({ type }) => type === 'user.forgotten'))
      const kept = route === 'users.delete' ? 0 : 2
      t.equal(passkeyIds().length, kept)
      placed.remove()
      t.equal(await passkeys.exists(ada), kept > 0)
      t.strictSame(await forgetUser(ada), { found: true }, `${name}, ${route}: again`)
      t.strictSame(passkeyIds(), [])
      t.strictSame(others(), before)
    }
  }
})

contract('a deletion whose answer is lost is repeated, and found done', async (scene) => {
  const { t } = scene
  seed()
  const app = await scene.start(optionsFor(upstream))
  for (const route of ['credentials.delete', 'users.delete'] as const) {
    upstream.fault({ route, kind: 'reset', when: 'after', count: 1 })
  }
  t.strictSame(await app.members.forgetUser(ada), { found: true })
  t.strictSame(passkeyIds(), [])
  t.strictSame(await app.members.forgetUser(ada), { found: false })
})
