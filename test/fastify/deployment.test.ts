import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { cookieSession, corbadoConnect, type FastifyConnectOptions } from '@corbado-connect/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { isRecord, Page, send } from './browser.js'
import {
  connectTokenPath,
  findUser,
  jane,
  listen,
  type Project,
  secret,
  startProject,
  type User,
  verifyPath,
} from './project.js'

const optionsFor = ({ client }: Project): FastifyConnectOptions<User> => ({
  session: cookieSession({ secret }),
  findUser,
  client,
})

/** An app whose log is kept; `logged` resolves with the first entry that has this text. */
function appWithLog(level: string): { app: FastifyInstance; lines: string[] } {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  return { app: Fastify({ logger: { level, stream } }), lines }
}

t.test('logLevel is for our routes alone', async (t) => {
  const project = await startProject(t)
  const { app, lines } = appWithLog('info')
  await app.register(corbadoConnect, {
    ...optionsFor(project),
    logLevel: 'silent',
  })
  app.get('/', () => 'hello')
  const page = new Page(await listen(t, app))
  await page.post(verifyPath, {})
  t.notMatch(lines.join(''), verifyPath)
  await page.get('/')
  t.match(lines.join(''), /"url":"\/"/)
})

t.test('logSerializers are for our routes alone', async (t) => {
  const project = await startProject(t)
  const { app, lines } = appWithLog('info')
  await app.register(corbadoConnect, { ...optionsFor(project), logSerializers: { req: () => 'serialized for us' } })
  app.get('/', () => 'hello')
  const page = new Page(await listen(t, app))
  await page.post(verifyPath, {})
  t.match(lines.join(''), /"req":"serialized for us"/)
  lines.length = 0
  await page.get('/')
  t.notMatch(lines.join(''), /serialized for us/)
})

t.test('without onEvent, errors are logged, and never a token', async (t) => {
  const project = await startProject(t)
  const { app, lines } = appWithLog('trace')
  await app.register(corbadoConnect, optionsFor(project))
  const page = new Page(await listen(t, app))
  const signedPasskeyData = await project.corbado.signIn(jane.identifier)
  const entries = (level: number) =>
    lines
      .map((line): unknown => JSON.parse(line))
      .filter((line) => isRecord(line) && isRecord(line.corbadoConnect) && line.level === level)

  t.equal((await page.post(connectTokenPath, { type: 'passkey-list' })).status, 401)
  t.equal(entries(50).length, 0, 'a refusal is not an error')
  t.match(entries(40), [{ corbadoConnect: { reason: 'no_user' } }], 'outside production it is a warning')
  project.corbado.fault({ route: 'passkeys.verifySignedData', kind: 'status', status: 500, count: 1 })
  t.equal((await page.post(verifyPath, { signedPasskeyData })).status, 502)
  t.match(entries(50), [
    {
      level: 50,
      reqId: String,
      corbadoConnect: { type: 'login.unknown', code: 'CORBADO_OUTCOME_UNKNOWN', identifier: jane.identifier },
    },
  ])
  const next = await project.corbado.signIn(jane.identifier)
  t.equal((await page.post(verifyPath, { signedPasskeyData: next })).status, 200)
  const token = await page.post(connectTokenPath, { type: 'passkey-append' })
  t.equal(token.status, 200)
  const log = lines.join('')
  for (const value of [signedPasskeyData, next, project.corbado.apiSecret, secret, page.cookieHeader]) {
    for (const part of value.split(/[.=]/)) if (part.length > 24) t.notOk(log.includes(part), 'no part of a secret')
  }
  t.notOk(log.includes(String(token.json.connectToken)))
})

t.test('the address behind a proxy', async (t) => {
  const addressesOf = async (t: Test, trustProxy: string | false): Promise<unknown[]> => {
    const project = await startProject(t)
    const addresses: unknown[] = []
    const app = Fastify({ trustProxy })
    await app.register(corbadoConnect, { ...optionsFor(project), onEvent: ({ ip }) => void addresses.push(ip) })
    const url = await listen(t, app)
    const headers = { 'sec-fetch-site': 'same-origin', 'x-forwarded-for': '6.6.6.6, 203.0.113.7' }
    for (const _ of [1, 2]) await send(url + verifyPath, { headers, body: {} })
    return addresses
  }
  const warnings: Error[] = []
  const keep = (warning: Error) => warnings.push(warning)
  process.on('warning', keep)
  t.teardown(() => process.off('warning', keep))

  t.strictSame(await addressesOf(t, '127.0.0.1'), ['203.0.113.7', '203.0.113.7'], 'what the trusted proxy says')
  t.strictSame(warnings, [])
  const warned = once(process, 'warning')
  t.strictSame(await addressesOf(t, false), ['127.0.0.1', '127.0.0.1'], 'nobody is trusted')
  await warned
  t.match(warnings, [{ name: 'CorbadoConnectWarning', code: 'CORBADO_UNTRUSTED_PROXY', message: /trustProxy/ }])
  t.equal(warnings.length, 1, 'once')
})

t.test('a CommonJS consumer', async (t) => {
  const project = await startProject(t)
  const file = join(t.testdir(), 'consumer.cjs')
  await writeFile(
    file,
    `const assert = require('node:assert')
    const Fastify = require('fastify')
    const { corbadoConnect, cookieSession } = require('@corbado-connect/fastify')
    const { isCorbadoError } = require('@corbado-connect/fastify/errors')
    const { redisReplayStore } = require('@corbado-connect/fastify/redis')
    async function main() {
      assert(isCorbadoError && redisReplayStore)
      const app = Fastify()
      await app.register(corbadoConnect, {
        session: cookieSession({ secret: 's'.repeat(32) }),
        findUser: (identifier) => ({ identifier }),
      })
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      const answer = await fetch(url + '${verifyPath}', {
        method: 'POST',
        headers: { origin: url, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
        body: JSON.stringify({ signedPasskeyData: process.env.LOGIN }),
      })
      console.log(answer.status, await answer.text())
      await app.close()
    }
    main()`,
  )
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [file], {
    env: {
      NODE_ENV: 'test',
      PATH: process.env.PATH,
      CORBADO_PROJECT_ID: project.corbado.projectId,
      CORBADO_API_SECRET: project.corbado.apiSecret,
      CORBADO_BACKEND_API: project.corbado.url,
      LOGIN: await project.corbado.signIn(jane.identifier),
    },
  })
  t.equal(stdout.trim(), '200 {"success":true}')
  t.equal(stderr, '')
})
