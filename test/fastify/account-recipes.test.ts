import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Emulator } from '@corbado-connect/emulator'
import { type ConnectUser, cookieSession, corbadoConnect, memoryRevocations } from '@corbado-connect/fastify'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { codeBlocks, root } from '../docs/markdown.js'
import { Page } from './browser.js'
import { connectTokenPath, jane, ken, listen, secret, verifyPath } from './project.js'
import { accountDeletion } from './recipes/account-deletion.js'
import { emailChange } from './recipes/email-change.js'
import { supportDesk } from './recipes/support-desk.js'
import { projectInEnvironment } from './server-session-rules.js'

interface Account extends ConnectUser {
  email: string
  closedAt?: number
}

/** An app with a user table of its own, in a new Corbado project in which both users have a passkey. */
async function start(t: Test) {
  const corbado = await projectInEnvironment(t)
  corbado.seed({ passkeys: [jane, jane, ken].map(({ identifier }) => newPasskey(identifier)) })
  const table = new Map<string, Account>(
    [jane, ken].map((user) => [user.identifier, { ...user, email: `${user.identifier}@example.com` }]),
  )
  const findUser = (identifier: string): Account | null => {
    const account = table.get(identifier)
    return account === undefined || account.closedAt !== undefined ? null : account
  }
  const app = Fastify()
  await app.register(corbadoConnect, {
    session: cookieSession({ secret, revocations: memoryRevocations() }),
    findUser,
  })
  app.get('/me', { onRequest: [app.corbadoConnect.requireUser] }, async (request) => app.corbadoConnect.user(request))
  app.post<{ Body: { identifier: string } }>('/login', async (request, reply) => {
    const user = findUser(request.body.identifier)
    return user === null ? reply.code(401).send({}) : app.corbadoConnect.signIn({ request, reply }, user)
  })
  return { app, corbado, table }
}

const newPasskey = (identifier: string) => ({
  identifier,
  credentialID: randomUUID().replaceAll('-', ''),
  publicKey: 'pQECAyYgASFYIA',
})

/** The browser of a user who signed in with a passkey, or without one. */
async function signedIn(server: string, corbado: Emulator | null, { identifier }: ConnectUser, credential?: string) {
  const page = new Page(server)
  const login =
    corbado === null
      ? await page.post('/login', { identifier })
      : await page.post(verifyPath, {
          signedPasskeyData: await corbado.signIn(
            identifier,
            credential === undefined ? {} : { claims: { credential } },
          ),
        })
  if (login.status !== 200) throw new Error(`The sign-in failed with ${login.status} ${login.text}`)
  return page
}

const passkeysOf = (corbado: Emulator, { identifier }: ConnectUser) =>
  corbado.passkeys().filter((passkey) => passkey.identifier === identifier)

t.test('account deletion', async (t) => {
  const { app, corbado, table } = await start(t)
  const accountOf = ({ identifier }: ConnectUser): Account => {
    const account = table.get(identifier)
    if (account === undefined) throw new Error(`There is no ${identifier}`)
    return account
  }
  let now = 0
  const finishDeletions = accountDeletion(app, {
    async close(user) {
      accountOf(user).closedAt = now
    },
    closedSince: async (seconds) =>
      [...table.values()].filter(({ closedAt }) => closedAt !== undefined && closedAt <= now - seconds),
    async delete({ identifier }) {
      table.delete(identifier)
    },
  })
  const server = await listen(t, app)
  const page = await signedIn(server, corbado, jane)
  const elsewhere = await signedIn(server, corbado, jane)
  const other = await signedIn(server, corbado, ken)

  t.equal((await new Page(server).post('/account/delete')).status, 401)
  const down = corbado.fault({ route: 'users.delete', kind: 'status', status: 500 })
  t.match(await page.post('/account/delete'), { status: 200, json: { success: true } }, 'also while Corbado is down')
  t.equal((await page.get('/me')).status, 401)
  t.equal((await elsewhere.get('/me')).status, 401, 'signed out in another browser')
  t.equal((await elsewhere.post(connectTokenPath, { type: 'passkey-append' })).status, 401)
  const login = await elsewhere.post(verifyPath, { signedPasskeyData: await corbado.signIn(jane.identifier) })
  t.match([login.status, login.json.code], [401, 'CORBADO_PASSKEY_REJECTED'], 'and cannot sign in')

  now = 60
  await finishDeletions()
  t.equal(table.size, 2, 'the row stays while an old connect token may still be used')
  corbado.seed({ passkeys: [newPasskey(jane.identifier)] })
  now = 1000
  await t.rejects(finishDeletions(), { code: 'CORBADO_UPSTREAM_REJECTED' })
  t.equal(table.size, 2, 'the row stays until Corbado has forgotten the user')
  down.remove()
  await finishDeletions()
  t.same([...table.keys()], [ken.identifier])
  t.same(passkeysOf(corbado, jane), [], 'also the passkey that was created in the meantime')
  t.equal(passkeysOf(corbado, ken).length, 1)
  t.equal((await other.get('/me')).status, 200, 'other users are not affected')
})

t.test('e-mail change', async (t) => {
  const { app, corbado, table } = await start(t)
  emailChange(app, {
    checkCode: async (_user, _email, code) => code === '123456',
    async changeEmail({ identifier }, email) {
      const account = table.get(identifier)
      if (account !== undefined) account.email = email
    },
  })
  const server = await listen(t, app)
  const page = await signedIn(server, corbado, jane)
  const elsewhere = await signedIn(server, corbado, jane)
  const email = 'jane@new.example'
  t.equal((await page.post('/account/email', { email, code: '000000' })).status, 403)
  t.match((await page.get('/me')).json, { email: 'user-jane@example.com' })

  const before = corbado.requests().length
  t.match(await page.post('/account/email', { email, code: '123456' }), { status: 200, json: { success: true } })
  t.equal(corbado.requests().length, before, 'Corbado is not called')
  t.match((await page.get('/me')).json, { identifier: jane.identifier, email })
  t.equal((await elsewhere.get('/me')).status, 401, 'only this browser stays signed in')

  t.match((await (await signedIn(server, corbado, jane)).get('/me')).json, { email }, 'the passkey still signs in')
  t.match(await page.post(connectTokenPath, { type: 'passkey-append' }), { status: 200 })
  const [token] = corbado.requests({ route: 'connectTokens.create' })
  t.match(token?.body, { data: { identifier: jane.identifier } })
})

t.test('support desk', async (t) => {
  const { app, corbado, table } = await start(t)
  const withPassword = new Set([jane.identifier])
  supportDesk(app, {
    isSupport: ({ identifier }) => identifier === ken.identifier,
    async findCustomer(email) {
      const user = [...table.values()].find((account) => account.email === email)
      return user === undefined ? null : { user, hasPassword: withPassword.has(user.identifier) }
    },
  })
  const server = await listen(t, app)
  const support = await signedIn(server, null, ken)
  const [first, second] = passkeysOf(corbado, jane).map(({ id }) => id)
  const email = 'user-jane@example.com'
  const revoke = (passkeyId: unknown) => support.post('/support/revoke', { email, passkeyId })

  const customer = await signedIn(server, null, jane)
  for (const path of ['/support/passkeys', '/support/revoke']) {
    t.equal((await new Page(server).post(path, { email, passkeyId: first })).status, 401)
    t.equal((await customer.post(path, { email, passkeyId: first })).status, 403)
    t.equal((await support.post(path, { email: 'nobody@example.com', passkeyId: first })).status, 404)
  }
  const answer = await support.post('/support/passkeys', { email })
  t.match(answer, { status: 200, json: { hasPassword: true } })
  t.same(new Set(passkeysOf(corbado, jane).map(({ id }) => id)), new Set([first, second]))
  t.match(answer.text, new RegExp(`${first}.*${second}|${second}.*${first}`))

  const withFirst = await signedIn(server, corbado, jane, first)
  const withSecond = await signedIn(server, corbado, jane, second)
  t.match(await revoke(first), { status: 200, json: { revoked: true } })
  t.match(await revoke(first), { status: 200, json: { revoked: false } }, 'can be repeated')
  t.equal((await withFirst.get('/me')).status, 401, 'the session that began with it has ended')
  t.equal((await withSecond.get('/me')).status, 200)
  t.equal((await customer.get('/me')).status, 200, 'the session that began with the password goes on')

  withPassword.clear()
  t.equal((await revoke(second)).status, 409, 'the only way to sign in')
  t.same(
    passkeysOf(corbado, jane).map(({ id }) => id),
    [second],
  )
  const [foreign] = passkeysOf(corbado, ken).map(({ id }) => id)
  t.match(await revoke(foreign), { status: 200, json: { revoked: false } }, 'the passkey of another user')
  t.equal(passkeysOf(corbado, ken).length, 1)
  withPassword.add(jane.identifier)
  t.match(await revoke(second), { status: 200, json: { revoked: true } })
  t.same(passkeysOf(corbado, jane), [])
})

t.test('the guides show the code that is tested', async (t) => {
  for (const name of ['account-deletion', 'email-change', 'support-desk']) {
    const [block] = codeBlocks(`docs/${name}.md`)
    const source = readFileSync(`${root}test/fastify/recipes/${name}.ts`, 'utf8')
    t.equal(`${block?.context}\n${block?.code}`, source, `docs/${name}.md`)
  }
})
