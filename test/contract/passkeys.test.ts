import type { ConnectEvent } from '@corbado-connect/fastify'
import { ada, bob } from '../support/people.js'
import { logIn } from '../support/requests.js'
import type { App } from '../support/servers.js'
import { contract, optionsFor, type Scene } from './contract.js'
import { lookalikes, others, passkeyIds, seed, upstream } from './passkey-owners.js'

const { identifier } = ada

async function read(path: string): Promise<string> {
  const { apiKey, url } = upstream
  return (await fetch(url + path, { headers: { authorization: `Bearer ${apiKey}` } })).text()
}

async function userIdOf(owner: string): Promise<string> {
  const { users } = JSON.parse(await read(`/v2/users?webauthnIDs=${encodeURIComponent(owner)}`))
  return users[0].userID
}

async function startWith(scene: Scene): Promise<{ app: App; events: ConnectEvent[] }> {
  seed()
  const events: ConnectEvent[] = []
  const app = await scene.start(optionsFor(upstream, { onEvent: (event) => void events.push(event) }))
  return { app, events }
}

const summaryOf = ({ type, reason, identifier, credentialId, corbadoUserId, ip }: ConnectEvent) => ({
  ...{ type, reason, identifier, credentialId, corbadoUserId, ip },
})

contract('passkeys of a user who has signed in', async (scene) => {
  const { t } = scene
  const { app, events } = await startWith(scene)
  const { passkeys } = app.members
  t.equal((await logIn(app, await upstream.signIn(identifier))).status, 200)
  const [first = '', second = ''] = passkeyIds()
  t.equal(events[0]?.credentialId, second, 'the login names the passkey')
  t.equal(events[0]?.corbadoUserId, await userIdOf(identifier))
  events.length = 0

  const list = await passkeys.list(ada)
  t.strictSame(
    list.map(({ id }) => id),
    [first, second],
  )
  const { createdAt, lastUsedAt, id: _, ...rest } = list[0] ?? {}
  t.ok(createdAt !== undefined && lastUsedAt !== undefined && Math.abs(Number(createdAt) - Date.now() / 1000) < 60)
  t.strictSame(rest, {
    os: 'Unknown',
    browser: 'Unknown',
    authenticator: { aaguid: '00000000-0000-0000-0000-000000000000', name: 'Passkey' },
    synced: true,
    status: 'active',
  })
  t.equal(await passkeys.exists(ada), true)
  t.equal(await passkeys.exists({ identifier: 'nobody' }), false)
  t.strictSame(await passkeys.list({ identifier: 'nobody' }), [])
  t.strictSame(events, [], 'reading leaves no event')

  const before = others()
  t.equal(await passkeys.revoke(ada, passkeyIds(bob.identifier)[0] ?? ''), false, 'a passkey of somebody else')
  t.equal(await passkeys.revoke(ada, first), true)
  t.equal(await passkeys.revoke(ada, first), false, 'again')
  t.strictSame(passkeyIds(), [second])
  t.equal(await passkeys.revokeAll(ada), 1)
  t.equal(await passkeys.revokeAll(ada), 0, 'again')
  t.equal(await passkeys.exists(ada), false)
  t.strictSame(others(), before)
  const corbadoUserId = await userIdOf(identifier)
  t.strictSame(
    events.map(summaryOf),
    [first, second].map((credentialId) => ({
      ...{ type: 'passkey.revoked', reason: 'ok', identifier, credentialId, corbadoUserId, ip: undefined },
    })),
  )
})

contract('forgetUser leaves nothing of the user, and everything of the others', async (scene) => {
  const { t } = scene
  const { app, events } = await startWith(scene)
  const corbadoUserId = await userIdOf(identifier)
  await app.members.issueConnectToken({ type: 'passkey-list', user: ada })
  const underWay = await upstream.signIn(identifier)
  const ids = passkeyIds()
  const before = others()
  t.strictSame(await app.members.forgetUser(ada), { found: true })

  t.strictSame(passkeyIds(), [])
  t.equal((await read('/v2/users?pageSize=100')).includes(`"${identifier}"`), false)
  t.equal((await read(`/v2/users/${corbadoUserId}`)).includes('not_found'), true)
  t.equal((await read('/v2/connectTokens')).includes(identifier), false)
  t.equal((await logIn(app, underWay)).status, 401, 'a login that was not verified yet')
  t.strictSame(others(), before)
  t.strictSame(await app.members.forgetUser(ada), { found: false }, 'again')
  t.strictSame(
    events.filter(({ type }) => type === 'passkey.revoked').map(({ credentialId }) => credentialId),
    ids,
  )
  t.strictSame(events.filter(({ type }) => type === 'user.forgotten').map(summaryOf), [
    { type: 'user.forgotten', reason: 'ok', identifier, credentialId: undefined, corbadoUserId, ip: undefined },
  ])
})

contract('a user whose identifier differs by case, accents or white space is never touched', async (scene) => {
  const { t } = scene
  const { app } = await startWith(scene)
  await app.members.forgetUser(ada)
  const before = upstream.passkeys()
  const users = JSON.parse(await read('/v2/users?pageSize=100'))
  t.equal(before.length, lookalikes.length + 1)
  // A directory that folds case and accents answers with everybody who looks like Ada.
  upstream.fault({ route: 'users.list', kind: 'status', status: 200, body: users })
  const identifiers = users.users.map(({ userID, explicitWebauthnID }: Record<string, string>, index: number) => ({
    ...{ identifierID: `ide-${index}`, type: 'username', value: explicitWebauthnID, status: 'primary', userID },
  }))
  const paging = { page: 1, totalPages: 1, totalItems: identifiers.length }
  upstream.fault({ route: 'identifiers.list', kind: 'status', status: 200, body: { identifiers, paging } })
  t.strictSame(await app.members.forgetUser(ada), { found: false })
  t.equal(await app.members.passkeys.revokeAll(ada), 0)
  t.equal(await app.members.passkeys.revoke(ada, before[0]?.id ?? ''), false)
  t.strictSame(await app.members.passkeys.list(ada), [])
  // Nor with the Corbado ID of somebody else.
  await t.rejects(app.members.forgetUser({ identifier, corbadoUserId: await userIdOf(bob.identifier) }), {
    code: 'CORBADO_UPSTREAM_REJECTED',
    reason: 'user_mismatch',
  })
  t.strictSame(upstream.passkeys(), before)
  t.equal(upstream.count({ method: 'DELETE' }), 3, 'only Ada and her two passkeys were deleted')
})

contract('a user without a WebAuthn identifier is found by a login identifier', async (scene) => {
  const { t } = scene
  const { app } = await startWith(scene)
  const person = { identifier: 'grace@doe.com' }
  const { client } = app.members
  const { userID } = await client.users.create({ status: 'active' })
  await client.identifiers.create(userID, {
    identifierType: 'email',
    identifierValue: person.identifier,
    status: 'primary',
  })
  t.strictSame(await app.members.forgetUser({ identifier: 'Grace@doe.com' }), { found: false })
  t.strictSame(await app.members.forgetUser(person), { found: true })
  t.equal(await client.users.get(userID), null)
  t.strictSame((await client.identifiers.list()).identifiers, [])
})
