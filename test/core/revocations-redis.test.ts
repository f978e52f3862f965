import { accessTokenSession, cookieSession, type ReadyMadeStrategy } from '@corbado-connect/core'
import { redisRevocations } from '@corbado-connect/core/redis'
import t from 'tap'
import { clients } from '../support/redis-clients.js'
import { createRedisServer, redisIsInstalled } from '../support/redis-server.js'
import { newContext } from './http-context.js'

const secret = 'a secret of 32 bytes, or of more'
const projectId = 'pro-1'
const skip = !redisIsInstalled() && 'needs a redis-server of version 7 or later'
type User = { readonly identifier: string }
const findUser = async (identifier: string): Promise<User | null> => ({ identifier })
const claims = { iss: projectId, exp: 0, nbf: 0, iat: 0, jti: 'j', webauthnId: 'jane', credential: 'cre-1' }

async function signIn(session: ReadyMadeStrategy<User>, by: 'app' | 'passkey' = 'app'): Promise<string> {
  const user = { identifier: 'jane' }
  const login = by === 'app' ? ({ user, by } as const) : ({ user, by, claims } as const)
  return (await session.createSession(login, newContext())).accessToken ?? ''
}

const bearer = (token: string) => newContext({ authorization: `Bearer ${token}` })
const isValid = async (session: ReadyMadeStrategy<User>, token: string): Promise<boolean> =>
  (await session.getUser(bearer(token), findUser)) !== null

for (const [library, createTestClient] of Object.entries(clients)) {
  t.test(`${library}: sessions end on every instance that shares a redis-server`, { skip }, async (t) => {
    const server = await createRedisServer()
    t.teardown(() => server.remove())
    await server.start()
    const newInstance = async (options: object = { secret }): Promise<ReadyMadeStrategy<User>> => {
      const { client, disconnect } = await createTestClient(server.port)
      t.teardown(() => disconnect())
      return accessTokenSession<User>({ ...options, revocations: redisRevocations(client) })
    }
    const one = await newInstance()
    const two = await newInstance()

    t.test('signing out ends the token, and no other', async (t) => {
      const [ended, other] = [await signIn(one), await signIn(one)]
      await one.destroySession(bearer(ended))
      t.strictSame([await isValid(two, ended), await isValid(two, other)], [false, true])
    })

    t.test('all sessions of a user end, and a new login works at once', async (t) => {
      const before = [await signIn(one), await signIn(two, 'passkey')]
      await two.endSessions?.({ user: { identifier: 'jane' }, projectId })
      const after = await signIn(one)
      t.strictSame(await Promise.all(before.map((token) => isValid(one, token))), [false, false])
      t.equal(await isValid(two, after), true)
      await one.endSessions?.({ user: { identifier: 'jane' }, projectId })
      t.equal(await isValid(two, after), false)
    })

    t.test('the sessions of another user, and of another project, go on', async (t) => {
      const token = await signIn(one)
      await one.endSessions?.({ user: { identifier: 'JANE' }, projectId })
      await one.endSessions?.({ user: { identifier: 'jane' }, projectId: 'pro-2' })
      t.equal(await isValid(two, token), true)
    })

    t.test('the sessions of a passkey end, and the passkey begins no new one', async (t) => {
      const [byPasskey, byApp] = [await signIn(one, 'passkey'), await signIn(one)]
      await two.endSessions?.({ user: { identifier: 'jane' }, passkeyId: 'cre-1', projectId })
      t.strictSame([await isValid(one, byPasskey), await isValid(one, byApp)], [false, true])
      await t.rejects(signIn(two, 'passkey'), { code: 'CORBADO_PASSKEY_REJECTED', reason: 'passkey_revoked' })
    })

    t.test('a key rotation does not bring ended sessions back', async (t) => {
      const token = await signIn(one)
      await one.destroySession(bearer(token))
      const rotated = await newInstance({ keys: ['another secret of 32 bytes or more', secret] })
      t.equal(await isValid(rotated, token), false)
      t.equal(await isValid(rotated, await signIn(one)), true)
    })

    t.test('entries expire, and are not shortened by a strategy with shorter sessions', async (t) => {
      const { client, command, disconnect } = await createTestClient(server.port)
      t.teardown(() => disconnect())
      await command('FLUSHALL')
      const long = cookieSession<User>({ secret, revocations: redisRevocations(client), maxSessionSeconds: 50_000 })
      await long.endSessions?.({ user: { identifier: 'jane' }, projectId })
      await one.endSessions?.({ user: { identifier: 'jane' }, projectId })
      const keys = await command('KEYS', '*')
      t.equal(Array.isArray(keys) && keys.length, 1)
      const ttlMs = Number(await command('PTTL', String(Array.isArray(keys) ? keys[0] : '')))
      t.ok(ttlMs > 50_000_000 && ttlMs < 50_200_000, `${ttlMs} ms`)
      t.notMatch(String(Array.isArray(keys) ? keys[0] : ''), 'jane', 'the key does not contain the identifier')
    })

    t.test('without Redis, requests with a session are refused, and recover', async (t) => {
      const token = await signIn(one)
      await server.stop()
      const startedAt = performance.now()
      await t.rejects(isValid(one, token), { code: 'CORBADO_STORE_UNAVAILABLE', statusCode: 503 })
      await t.rejects(signIn(one), { code: 'CORBADO_STORE_UNAVAILABLE' })
      await t.rejects(async () => one.endSessions?.({ user: { identifier: 'jane' }, projectId }), {
        code: 'CORBADO_STORE_UNAVAILABLE',
      })
      t.ok(performance.now() - startedAt < 2000, 'each within 250 ms, with room for a busy machine')
      t.equal(await one.getUser(newContext(), findUser), null, 'nobody needs Redis without a session')
      await server.start()
      for (let tries = 0; tries < 50 && !(await isValid(two, token).catch(() => false)); tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 100))
      t.equal(await isValid(two, token), true)
    })
  })
}
