import { createConnect } from '@corbado-connect/core'
import t, { type Test } from 'tap'
import { apiSecret, projectId } from './corbado-calls.js'
import { type Dialect, type DirectoryUser, startDirectory } from './corbado-directory.js'

const active = (id: string, more: object = {}) => ({ id, status: 'active', ...more })
const janeAndOthers = (): DirectoryUser[] => [
  { userID: 'usr-jane', explicitWebauthnID: 'jane', credentials: [active('cre-1'), active('cre-2')] },
  { userID: 'usr-upper', explicitWebauthnID: 'JANE', credentials: [active('cre-3')] },
  { userID: 'usr-accent', explicitWebauthnID: 'jané', credentials: [active('cre-4')] },
]
const byAddress = (): DirectoryUser[] => [
  { userID: 'usr-upper', identifiers: ['Jane@doe.com'], credentials: [active('cre-3')] },
  { userID: 'usr-jane', identifiers: ['jane@doe.com'], credentials: [active('cre-1')] },
]

async function start(t: Test, dialect: Dialect, users: DirectoryUser[]) {
  const directory = await startDirectory(t, dialect, users)
  const connect = createConnect({
    client: { projectId, apiSecret, backendApi: directory.origin },
    findUser: () => null,
    createSession: () => undefined,
  })
  t.teardown(() => connect.close())
  return { directory, connect }
}

for (const dialect of ['newer', 'ignores', 'refuses'] as const) {
  t.test(`a user is found exactly, where Corbado ${dialect === 'newer' ? 'knows' : dialect} the query`, async (t) => {
    const users = dialect === 'refuses' ? byAddress() : janeAndOthers()
    const identifier = dialect === 'refuses' ? 'jane@doe.com' : 'jane'
    const { connect, directory } = await start(t, dialect, users)
    t.equal((await connect.passkeys.list({ identifier })).length, dialect === 'refuses' ? 1 : 2)
    const others = directory.users.filter(({ userID }) => userID !== 'usr-jane')
    const before = structuredClone(others)
    t.strictSame(await connect.forgetUser({ identifier }), { found: true })
    t.notOk(
      directory.users.some(({ userID }) => userID === 'usr-jane'),
      'the user is deleted',
    )
    t.strictSame(others, before, 'nobody else was touched')
    t.strictSame(await connect.forgetUser({ identifier }), { found: false }, 'again')
    t.strictSame(await connect.passkeys.list({ identifier }), [])
    t.equal(await connect.passkeys.exists({ identifier }), false)
    t.equal(await connect.passkeys.revoke({ identifier }, 'cre-1'), false)
    t.equal(await connect.passkeys.revokeAll({ identifier }), 0)
  })
}

t.test('a user that differs by case, accents or white space is somebody else', async (t) => {
  const { connect, directory } = await start(t, 'newer', [
    ...janeAndOthers().slice(1),
    { userID: 'usr-mail', identifiers: ['Jane', 'jane\u00a0', 'jane.'], credentials: [active('cre-5')] },
  ])
  const before = structuredClone(directory.users)
  t.strictSame(await connect.forgetUser({ identifier: 'jane' }), { found: false })
  t.strictSame(directory.users, before)
  t.notOk(directory.log.some((line) => line.startsWith('DELETE')))
})

t.test('an address of a user with another WebAuthn identifier does not count', async (t) => {
  const { connect, directory } = await start(t, 'newer', [
    { userID: 'usr-bob', explicitWebauthnID: 'bob', identifiers: ['jane'], credentials: [active('cre-1')] },
  ])
  t.strictSame(await connect.forgetUser({ identifier: 'jane' }), { found: false })
  t.equal(directory.users.length, 1)
})

t.test('if several users match, none is touched', async (t) => {
  const { connect, directory } = await start(t, 'newer', [
    { userID: 'usr-1', identifiers: ['jane'], credentials: [] },
    { userID: 'usr-2', identifiers: ['jane'], credentials: [] },
  ])
  await t.rejects(connect.forgetUser({ identifier: 'jane' }), {
    code: 'CORBADO_UPSTREAM_INVALID_RESPONSE',
    reason: 'ambiguous_user',
  })
  t.equal(directory.users.length, 2)
})

t.test('corbadoUserId needs no look-up, and must belong to the identifier', async (t) => {
  const { connect, directory } = await start(t, 'newer', janeAndOthers())
  t.equal((await connect.passkeys.list({ identifier: 'jane', corbadoUserId: 'usr-jane' })).length, 2)
  t.notOk(directory.log.includes('GET /v2/users'))
  await t.rejects(connect.forgetUser({ identifier: 'jane', corbadoUserId: 'usr-upper' }), {
    code: 'CORBADO_UPSTREAM_REJECTED',
    reason: 'user_mismatch',
  })
  t.equal(directory.users.length, 3)
  t.strictSame(await connect.forgetUser({ identifier: 'jane', corbadoUserId: 'usr-gone' }), { found: false })
})

t.test('list reads every page and translates what Corbado sends', async (t) => {
  const credentials = Array.from({ length: 60 }, (_, index) => active(`cre-${index}`))
  const { connect } = await start(t, 'newer', [
    {
      userID: 'usr-jane',
      explicitWebauthnID: 'jane',
      credentials: [
        active('cre-full', {
          createdMs: 1_752_749_184_999,
          lastUsedMs: 1_752_749_200_000,
          sourceOS: 'macOS',
          sourceBrowser: 'Safari',
          authenticatorAAGUID: 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd',
          aaguidDetails: { name: 'iCloud Keychain', iconLight: '' },
          backupState: true,
        }),
        ...credentials,
      ],
    },
  ])
  const passkeys = await connect.passkeys.list({ identifier: 'jane' })
  t.equal(passkeys.length, 61)
  t.equal(new Set(passkeys.map(({ id }) => id)).size, 61)
  t.strictSame(passkeys[0], {
    id: 'cre-full',
    createdAt: 1_752_749_184,
    lastUsedAt: 1_752_749_200,
    os: 'macOS',
    browser: 'Safari',
    authenticator: { aaguid: 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd', name: 'iCloud Keychain' },
    synced: true,
    status: 'active',
  })
  t.strictSame(passkeys[1], {
    id: 'cre-0',
    createdAt: null,
    lastUsedAt: null,
    os: null,
    browser: null,
    authenticator: { aaguid: null, name: null },
    synced: false,
    status: 'active',
  })
})

t.test('exists counts active passkeys only', async (t) => {
  const { connect } = await start(t, 'newer', [
    { userID: 'usr-1', explicitWebauthnID: 'pending', credentials: [{ id: 'cre-1', status: 'pending' }] },
    { userID: 'usr-2', explicitWebauthnID: 'both', credentials: [{ id: 'cre-2', status: 'pending' }, active('cre-3')] },
  ])
  t.equal(await connect.passkeys.exists({ identifier: 'pending' }), false)
  t.equal(await connect.passkeys.exists({ identifier: 'both' }), true)
})

t.test('revoke deletes a passkey of this user only, and can be repeated', async (t) => {
  const { connect, directory } = await start(t, 'newer', janeAndOthers())
  const jane = { identifier: 'jane' }
  t.equal(await connect.passkeys.revoke(jane, 'cre-3'), false, 'a passkey of somebody else')
  t.equal(await connect.passkeys.revoke(jane, '../usr-upper'), false)
  t.notOk(
    directory.log.some((line) => line.startsWith('DELETE')),
    'nothing was deleted',
  )
  t.equal(await connect.passkeys.revoke(jane, 'cre-1'), true)
  t.equal(await connect.passkeys.revoke(jane, 'cre-1'), false)
  t.strictSame(
    directory.users.map(({ credentials }) => credentials.map(({ id }) => id)),
    [['cre-2'], ['cre-3'], ['cre-4']],
  )
})

t.test('revokeAll reads all pages before it deletes, and can be repeated after a failure', async (t) => {
  const credentials = Array.from({ length: 60 }, (_, index) => active(`cre-${index}`))
  const { connect, directory } = await start(t, 'newer', [
    { userID: 'usr-jane', explicitWebauthnID: 'jane', credentials },
  ])
  directory.failNext('DELETE /v2/users/usr-jane/credentials/cre-30', 400)
  await t.rejects(connect.passkeys.revokeAll({ identifier: 'jane' }), { code: 'CORBADO_UPSTREAM_REJECTED' })
  t.equal(directory.users[0]?.credentials.length, 30)
  t.equal(await connect.passkeys.revokeAll({ identifier: 'jane' }), 30)
  t.equal(await connect.passkeys.revokeAll({ identifier: 'jane' }), 0)
})

t.test('forgetUser deletes the passkeys before the user', async (t) => {
  const { connect, directory } = await start(t, 'newer', janeAndOthers())
  t.strictSame(await connect.forgetUser({ identifier: 'jane' }), { found: true })
  t.strictSame(
    directory.log.filter((line) => line.startsWith('DELETE')),
    ['cre-1', 'cre-2'].map((id) => `DELETE /v2/users/usr-jane/credentials/${id}`).concat('DELETE /v2/users/usr-jane'),
  )
})

t.test('a user without a usable identifier is an error before anything is sent', async (t) => {
  const { connect, directory } = await start(t, 'newer', janeAndOthers())
  for (const user of [{ identifier: '' }, { identifier: ' jane' }, { identifier: 'jane\n' }]) {
    for (const call of [
      () => connect.passkeys.list(user),
      () => connect.passkeys.exists(user),
      () => connect.passkeys.revoke(user, 'cre-1'),
      () => connect.passkeys.revokeAll(user),
      () => connect.forgetUser(user),
    ]) {
      await t.rejects(
        async () => {
          await call()
        },
        { code: 'CORBADO_HOOK_FAILED', reason: 'user_without_identifier' },
      )
    }
  }
  t.strictSame(directory.log, [])
})

t.test('after close, nothing is sent', async (t) => {
  const { connect, directory } = await start(t, 'newer', janeAndOthers())
  await connect.close()
  await t.rejects(connect.forgetUser({ identifier: 'jane' }), { code: 'CORBADO_SHUTTING_DOWN' })
  await t.rejects(connect.passkeys.list({ identifier: 'jane' }), { code: 'CORBADO_SHUTTING_DOWN' })
  t.strictSame(directory.log, [])
})
