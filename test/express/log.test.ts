import { format, inspect } from 'node:util'
import { corbadoConnect } from '@corbado-connect/express'
import express from 'express'
import t from 'tap'
import { Page } from '../fastify/browser.js'
import { findUser, jane, listenExpress, startProject, verifyPath } from '../fastify/project.js'

t.test('without onEvent, the cause of a failed hook stands on standard error, and no token', async (t) => {
  const { corbado, client } = await startProject(t)
  const passkeys = corbadoConnect({
    client,
    findUser,
    session: {
      getUser() {
        throw new Error('the session table is gone')
      },
      createSession({ claims }, { req }) {
        throw new Error(`no space for ${claims?.jti} after ${req.body}`)
      },
    },
  })
  const app = express()
  app.use(passkeys)
  app.get('/me', passkeys.requireUser, (req, res) => {
    res.json(passkeys.user(req))
  })
  const lines: string[] = []
  t.intercept(console, 'error', {
    value: (...parts: unknown[]) =>
      lines.push(parts.map((part) => (typeof part === 'string' ? part : inspect(part))).join(' ')),
  })
  const page = new Page(await listenExpress(t, app, passkeys))

  const signedPasskeyData = await corbado.signIn(jane.identifier)
  const login = await page.post(verifyPath, { signedPasskeyData })
  t.match(login, { status: 500, json: { code: 'CORBADO_SESSION_FAILED' } })
  t.match(lines.join('\n'), /Corbado Connect: .*login\.refused.*createSession_failed.*[\s\S]*no space for/)
  t.notMatch(lines.join('\n'), signedPasskeyData)

  lines.length = 0
  const me = await page.get('/me')
  t.match(me, { status: 500, json: { code: 'CORBADO_HOOK_FAILED' } })
  t.match(lines.join('\n'), 'the session table is gone', 'a guard has no event: its failure is logged too')
})

t.test('an identifier is not a format string', async (t) => {
  const { corbado, client } = await startProject(t)
  const auth = corbadoConnect({ client, findUser, session: { getUser: () => null, createSession: () => {} } })
  const lines: string[] = []
  t.intercept(console, 'error', { value: (...parts: unknown[]) => lines.push(format(...parts)) })
  const page = new Page(await listenExpress(t, express().use(auth), auth))
  corbado.fault({ route: 'passkeys.verifySignedData', kind: 'status', status: 500, count: 1 })
  const identifier = '%c%s%o%c'
  const login = await page.post(verifyPath, { signedPasskeyData: await corbado.signIn(identifier) })
  t.equal(login.status, 502)
  t.match(lines, [/^Corbado Connect: login\.unknown .*"identifier":"%c%s%o%c".*\} CorbadoError/s])
})
