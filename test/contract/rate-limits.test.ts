import { setTimeout as sleep } from 'node:timers/promises'
import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { ada, bob } from '../support/people.js'
import { type Answer, askForToken, browser, connectTokenPath, logIn, send } from '../support/requests.js'
import { contract, creations, optionsFor, type Scene, verifications } from './contract.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

const minute = 60_000

/** A 429 at the beginning of a window of one minute. */
function limited({ t, refused }: Scene, name: string, answer: Answer): void {
  const { 'retry-after': retryAfter, ...headers } = answer.headers
  t.ok(Number(retryAfter) > 50 && Number(retryAfter) <= 60, `${name}: Retry-After ${retryAfter}`)
  refused(name, { ...answer, headers }, 'RATE_LIMITED')
}

const times = <Result>(count: number, run: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => run(index)))

contract('connect tokens, per user', async (scene) => {
  const { t, start, see } = scene
  const app = await start(optionsFor(upstream, { rateLimit: { connectToken: { max: 10, windowMs: minute } } }))
  upstream.reset()
  const answers = await times(100, () => askForToken(app, ada.identifier))
  const passed = answers.filter(({ status }) => status === 200)
  t.equal(passed.length, 10, 'exactly the limit')
  for (const [index, answer] of answers.filter(({ status }) => status !== 200).entries()) {
    limited(scene, `ada ${index}`, answer)
  }
  t.equal(creations(upstream), 10, 'nothing of the others reached upstream')
  see(
    'headers',
    Object.keys(passed[0]?.headers ?? {}).filter((name) => name.includes('ratelimit')),
  )

  const others = await times(10, () => askForToken(app, bob.identifier))
  t.strictSame(new Set(others.map(({ status }) => status)), new Set([200]), 'another user behind the same address')
  const nobody = await times(12, () => askForToken(app, null))
  const statuses = nobody.map(({ status }) => status).sort()
  t.strictSame(statuses, [...Array(10).fill(401), 429, 429], 'nobody counts by the address, apart from users')
  see('nobody', statuses)
  t.equal((await logIn(app, await upstream.signIn(ada.identifier))).status, 200, 'logins have a limit of their own')
})

contract('logins, per address', async (scene) => {
  const { t, start } = scene
  const app = await start(optionsFor(upstream, { rateLimit: { verify: { max: 5, windowMs: minute } } }))
  upstream.reset()
  const tokens = await times(20, () => upstream.signIn(ada.identifier))
  const answers = await times(20, (index) => logIn(app, tokens[index]))
  t.equal(answers.filter(({ status }) => status === 200).length, 5, 'exactly the limit')
  for (const [index, answer] of answers.filter(({ status }) => status !== 200).entries()) {
    limited(scene, `login ${index}`, answer)
  }
  t.equal(verifications(upstream), 5)
  t.equal((await askForToken(app, ada.identifier)).status, 200, 'connect tokens have a limit of their own')
})

contract('what counts', async (scene) => {
  const { t, start, see } = scene
  const limit = { max: 4, windowMs: minute }
  const app = await start(optionsFor(upstream, { rateLimit: { connectToken: limit, verify: limit } }))
  const asAda = { ...browser, 'x-test-user': ada.identifier }
  const statuses: number[] = []
  for (let index = 0; index < 6; index += 1) {
    const answer = await send(app, { path: connectTokenPath, headers: { ...asAda, 'sec-fetch-site': 'cross-site' } })
    statuses.push(answer.status)
  }
  for (const request of [
    { headers: asAda },
    { headers: { ...asAda, 'content-type': 'text/plain' }, body: 'x' },
    { headers: asAda, body: '{' },
    { headers: asAda, body: 'x'.repeat(20_000) },
  ]) {
    statuses.push((await send(app, { path: connectTokenPath, ...request })).status)
  }
  t.strictSame(
    statuses,
    [403, 403, 403, 403, 403, 403, 415, 415, 400, 413],
    'malformed requests count, foreign pages do not',
  )
  see('statuses', statuses)
  limited(scene, 'a good request afterwards', await askForToken(app, ada.identifier))
  limited(
    scene,
    'a malformed request afterwards',
    await send(app, { path: connectTokenPath, headers: asAda, body: '{' }),
  )
  for (let index = 0; index < 4; index += 1) t.equal((await logIn(app, 'malformed')).status, 400)
  limited(scene, 'a good login afterwards', await logIn(app, await upstream.signIn(ada.identifier)))
})

contract('the window ends', async ({ t, start, see }) => {
  const app = await start(optionsFor(upstream, { rateLimit: { connectToken: { max: 1, windowMs: 400 } } }))
  const first = await askForToken(app, ada.identifier)
  const second = await askForToken(app, ada.identifier)
  t.strictSame([first.status, second.status, second.headers['retry-after']], [200, 429, '1'])
  await sleep(450)
  const third = await askForToken(app, ada.identifier)
  t.equal(third.status, 200)
  see('afterwards', third.status)
})

contract('without limits', async ({ t, start, see }) => {
  const app = await start(optionsFor(upstream, { rateLimit: false }))
  const answers = await times(60, () => askForToken(app, ada.identifier))
  const statuses = [...new Set(answers.map(({ status }) => status))]
  t.strictSame(statuses, [200])
  see('statuses', statuses)
})

contract('the default limits', async (scene) => {
  const { t, start } = scene
  const { rateLimit: _, ...options } = optionsFor(upstream)
  const app = await start(options)
  const answers = await times(35, () => askForToken(app, ada.identifier))
  t.equal(answers.filter(({ status }) => status === 200).length, 30, '30 connect tokens a minute')
  const logins = await times(305, () => logIn(app, 'malformed'))
  t.equal(logins.filter(({ status }) => status === 400).length, 300, '300 logins a minute')
  limited(scene, 'and then', await logIn(app, 'malformed'))
})
