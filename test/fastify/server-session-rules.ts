import type { Emulator } from '@corbado-connect/emulator'
import t, { type Test } from 'tap'
import { setClock } from '../core/clock.js'
import { type Answer, type Page, setCookies } from './browser.js'
import { connectTokenPath, findUser, jane, ken, startProject, type User, verifyPath } from './project.js'

/** The users of every recipe: the password of each is the identifier. */
export const users = {
  find: async (identifier: string): Promise<User | null> => findUser(identifier),
  async checkPassword(name: string, password: string): Promise<User | null> {
    if (typeof name !== 'string' || typeof password !== 'string') throw new Error('a recipe let in other values')
    return name === password ? findUser(name) : null
  },
}

/** What a store does when it is told to fail: its text names what no client may read. */
export const storeText = 'connect ECONNREFUSED sessions.internal:6379'

export type StoreOperation = 'get' | 'set' | 'destroy'

/** How a test makes a store fail. */
export interface FailingStore {
  readonly failing: Set<StoreOperation>
  /** Lets one operation fail, after `skip` good ones of its kind. */
  failOnce(operation: StoreOperation, skip: number): void
}

/** A store in memory that fails where a test says so. */
export class Sessions<Data> implements FailingStore {
  readonly failing = new Set<StoreOperation>()
  readonly #data = new Map<string, Data>()
  #once: { readonly operation: StoreOperation; left: number } | undefined

  failOnce(operation: StoreOperation, skip: number): void {
    this.#once = { operation, left: skip }
  }

  get(id: string, done: (error: unknown, data?: Data | null) => void): void {
    this.#run('get', done, () => this.#data.get(id) ?? null)
  }

  set(id: string, data: Data, done: (error?: unknown) => void): void {
    // A copy, as a store elsewhere would have it.
    this.#run('set', done, () => {
      this.#data.set(id, JSON.parse(JSON.stringify(data)))
    })
  }

  destroy(id: string, done: (error?: unknown) => void): void {
    this.#run('destroy', done, () => {
      this.#data.delete(id)
    })
  }

  #run<Result>(operation: StoreOperation, done: (error: unknown, result?: Result) => void, run: () => Result): void {
    setImmediate(() => {
      if (this.failing.has(operation) || this.#strikes(operation)) done(new Error(storeText))
      else done(null, run())
    })
  }

  #strikes(operation: StoreOperation): boolean {
    const once = this.#once
    if (once?.operation !== operation) return false
    once.left -= 1
    return once.left === -1
  }
}

/** An app with a recipe, in a test. */
export interface Started {
  readonly page: Page
  /** Where sessions are kept on the server. */
  readonly store?: FailingStore
}

/** The recipes take the project from the environment, as users have it. */
export async function projectInEnvironment(t: Test): Promise<Emulator> {
  const { corbado } = await startProject(t)
  // Over http, as in development: a Secure cookie of a server session is not sent without TLS.
  process.env.NODE_ENV = 'development'
  process.env.CORBADO_PROJECT_ID = corbado.projectId
  process.env.CORBADO_API_SECRET = corbado.apiSecret
  process.env.CORBADO_BACKEND_API = corbado.url
  return corbado
}

/** What holds for every recipe of sessions on the server; `stateless`: the session is all in the cookie. */
export function testServerSessions(
  name: string,
  start: (t: Test) => Promise<Started>,
  { stateless = false }: { stateless?: boolean } = {},
): void {
  const password = (page: Page, { identifier }: User): Promise<Answer> =>
    page.post('/login', { name: identifier, password: identifier })
  const whoIs = async (page: Page): Promise<unknown> => {
    const { status, json } = await page.get('/me')
    return status === 200 ? json.identifier : status
  }

  t.test(`${name}: sign in, use it, sign out`, async (t) => {
    const corbado = await projectInEnvironment(t)
    const { page } = await start(t)
    const passkey = async (user: User) =>
      page.post(verifyPath, { signedPasskeyData: await corbado.signIn(user.identifier) })

    t.equal(await whoIs(page), 401)
    const login = await passkey(jane)
    t.match(login, { status: 200, json: { success: true }, headers: { 'cache-control': 'no-store' } })
    t.match(setCookies(login).join(), /HttpOnly; SameSite=Lax/)
    t.equal(await whoIs(page), jane.identifier)
    t.match((await page.post(connectTokenPath, { type: 'passkey-append' })).json, { connectToken: /^ctk1_/ })
    const [created] = corbado.requests({ route: 'connectTokens.create' })
    t.match(created?.body, { data: { identifier: jane.identifier, displayName: jane.displayName } })

    const stolen = page.copy()
    t.match(await page.post('/logout', undefined, { 'sec-fetch-site': 'cross-site' }), { status: 403 })
    t.match(await page.post('/logout'), { status: 200, json: { success: true } })
    t.equal(await whoIs(page), 401)
    t.equal(await whoIs(stolen), stateless ? jane.identifier : 401, 'a copied cookie after the sign-out')

    t.equal((await page.post('/login', { name: jane.identifier, password: 'wrong' })).status, 401)
    for (const wrong of [{ $ne: null }, [{}], null, undefined]) {
      const { status } = await page.post('/login', { name: wrong, password: wrong })
      t.match(status, /^40[01]$/, 'a name or password that is not a string never reaches the user table')
    }
    t.equal(await whoIs(page), 401)
    t.match(await password(page, ken), { status: 200, json: { success: true } })
    t.equal(await whoIs(page), ken.identifier, 'by password')
  })

  t.test(`${name}: fixation, other users, second and failed logins`, async (t) => {
    const corbado = await projectInEnvironment(t)
    const { page } = await start(t)
    const passkey = async (user: User) =>
      page.post(verifyPath, { signedPasskeyData: await corbado.signIn(user.identifier) })

    // A cookie that the page had before: the one that an attacker put there.
    t.equal((await password(page, ken)).status, 200)
    const before = page.copy()
    t.equal((await passkey(jane)).status, 200)
    t.notSame(page.cookieHeader, before.cookieHeader, 'the login has a new cookie')
    t.equal(await whoIs(page), jane.identifier, 'nothing is left of the user before')
    t.equal(await whoIs(before), stateless ? ken.identifier : 401, 'the old cookie has no part in the new login')

    const first = page.copy()
    t.equal((await passkey(jane)).status, 200, 'the same user again')
    t.equal(await whoIs(page), jane.identifier)
    t.equal(await whoIs(first), stateless ? jane.identifier : 401, 'the session before it')

    const stranger = await corbado.signIn(ken.identifier, { signedBy: 'stranger' })
    const failed = await page.post(verifyPath, { signedPasskeyData: stranger })
    t.match([failed.status, failed.json.code], [401, 'CORBADO_PASSKEY_REJECTED'])
    const unknown = await page.post(verifyPath, { signedPasskeyData: await corbado.signIn('nobody') })
    t.match([unknown.status, unknown.json.code], [401, 'CORBADO_PASSKEY_REJECTED'])
    t.equal(await whoIs(page), jane.identifier, 'a failed login leaves the session as it is')
  })

  t.test(`${name}: only a fresh login can add a passkey`, async (t) => {
    const corbado = await projectInEnvironment(t)
    const { page } = await start(t)
    const passkey = async () => page.post(verifyPath, { signedPasskeyData: await corbado.signIn(jane.identifier) })
    const append = async () => {
      const { status, json } = await page.post(connectTokenPath, { type: 'passkey-append' })
      return status === 200 ? status : json.code
    }

    const clock = setClock(t, Date.now())
    for (const [way, login] of Object.entries({ passkey, password: () => password(page, jane) })) {
      t.equal((await login()).status, 200, way)
      t.equal(await append(), 200, `${way}: right afterwards`)
      clock.now += 301_000
      t.equal(await append(), 'CORBADO_FRESH_LOGIN_REQUIRED', `${way}: five minutes later`)
      t.equal((await page.post(connectTokenPath, { type: 'passkey-list' })).status, 200, 'other types are allowed')
      t.equal(await whoIs(page), jane.identifier)
    }
  })

  if (stateless) return
  t.test(`${name}: the store fails`, async (t) => {
    const corbado = await projectInEnvironment(t)
    const { page, store } = await start(t)
    if (store === undefined) throw new Error('This recipe has no store')
    const { failing } = store
    const failedLogin = async (operation: StoreOperation): Promise<Answer> => {
      const signedPasskeyData = await corbado.signIn(jane.identifier)
      failing.add(operation)
      const answer = await page.post(verifyPath, { signedPasskeyData })
      failing.delete(operation)
      t.match([answer.status, answer.json.code], [500, 'CORBADO_SESSION_FAILED'], `${operation} fails: no 200`)
      t.notMatch(answer.text, /ECONN|internal:/, 'its text is not in the body')
      const again = await page.post(verifyPath, { signedPasskeyData })
      t.match([again.status, again.json.code], [409, 'CORBADO_TOKEN_ALREADY_USED'], 'the login starts again')
      return answer
    }

    await failedLogin('set')
    t.equal(await whoIs(page), 401, 'nobody is signed in')
    t.equal((await password(page, ken)).status, 200)
    await failedLogin('destroy')
    t.not(await whoIs(page), jane.identifier, 'not as the user of the failed login')
    await failedLogin('set')
    t.not(await whoIs(page), jane.identifier)

    t.equal((await password(page, ken)).status, 200, 'the store is back')
    failing.add('destroy').add('set')
    const signOut = await page.post('/logout')
    t.match([signOut.status, signOut.json.code], [500, 'CORBADO_HOOK_FAILED'], 'the code reaches the client')
    t.notMatch(signOut.text, /ECONN|internal:/)
    failing.clear()

    t.equal((await password(page, ken)).status, 200)
    failing.add('get')
    const unreadable = await page.post(connectTokenPath, { type: 'passkey-list' })
    t.equal(unreadable.status, 500)
    t.notMatch(unreadable.text, /ECONN|internal:/)
    failing.clear()
    t.equal(await whoIs(page), ken.identifier)
  })

  t.test(`${name}: one write that fails makes no session later`, async (t) => {
    const statuses = []
    for (const skip of [0, 1, 2]) {
      const corbado = await projectInEnvironment(t)
      const { page, store } = await start(t)
      store?.failOnce('set', skip)
      const answer = await page.post(verifyPath, { signedPasskeyData: await corbado.signIn(jane.identifier) })
      statuses.push(answer.status)
      store?.failOnce('set', Number.POSITIVE_INFINITY)
      t.equal(await whoIs(page), answer.status === 200 ? jane.identifier : 401, `after ${skip} good writes`)
    }
    t.match(statuses, [500, /500|200/, 200])
  })
}
