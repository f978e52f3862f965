import { inspect } from 'node:util'
import { startEmulator } from '@corbado-connect/emulator'
import t from 'tap'
import { ada, HeaderSession } from '../support/people.js'
import { askForToken, logIn } from '../support/requests.js'
import { contract, optionsFor } from './contract.js'
import { answered } from './verify-outcomes.js'

const upstream = await startEmulator()
t.teardown(() => upstream.close())

contract('without onEvent, refusals are explained outside production', async ({ t, framework, start, see }) => {
  for (const NODE_ENV of [undefined, 'development', 'test', 'production']) {
    t.intercept(process, 'env', { value: { ...process.env, NODE_ENV } })
    const lines: string[] = []
    for (const method of ['warn', 'error'] as const) {
      t.intercept(console, method, {
        value: (...parts: unknown[]) =>
          lines.push(`${method}: ${parts.map((part) => (typeof part === 'string' ? part : inspect(part))).join(' ')}`),
      })
    }
    const log = (line: string) => {
      const { level, msg } = JSON.parse(line)
      if (level >= 40) lines.push(`${level === 40 ? 'warn' : 'error'}: ${msg}`)
    }
    const { onEvent: _, ...options } = optionsFor(upstream)
    const app = await start(options, { log })
    const logged = (): string[] => lines.splice(0).filter((line) => line.includes('Corbado Connect: '))
    const isProduction = NODE_ENV === 'production'

    const token = await upstream.signIn(ada.identifier, { claims: { iss: 'pro-2' } })
    await logIn(app, token)
    const [wrongProject = '', ...others] = logged()
    t.strictSame(others, [], 'one line per refusal')
    if (isProduction) t.equal(wrongProject, '', 'nothing in production')
    else {
      t.match(wrongProject, /^warn: Corbado Connect: login\.refused \(local_issuer\)\. .*another Corbado project/)
      t.match(wrongProject, /See https:\/\/\S+\/docs\/errors\.md#corbado_passkey_rejected/)
      t.notOk(wrongProject.includes(token))
    }
    await logIn(app, await upstream.signIn(ada.identifier))
    await askForToken(app, ada.identifier)
    t.strictSame(logged(), [], 'nothing about what succeeded')

    const fault = upstream.fault({ route: '*', ...answered(401) })
    await askForToken(app, ada.identifier)
    fault.remove()
    const [wrongSecret = '', ...more] = logged()
    t.strictSame(more, [])
    t.match(wrongSecret, /^error: Corbado Connect: config\.error \(config_upstream_401\)\. .*CORBADO_API_SECRET/)
    t.match(wrongSecret, /#corbado_upstream_unavailable/)

    const broken = await start({ ...options, findUser: () => JSON.parse('{"id":"ada"}') }, { log })
    await logIn(broken, await upstream.signIn(ada.identifier))
    t.match(logged().join(), /^error: .*\(user_without_identifier\)\. .*map your own key to it/)

    const odd = await start({ ...options, session: new HeaderSession() }, { log })
    await logIn(odd, await upstream.signIn('100%s %c %o'))
    const line = logged().join()
    if (!isProduction && framework.name !== 'Fastify 5') t.ok(line.includes('100%s %c %o'), 'written as it is')
    see(String(NODE_ENV), isProduction)
  }
})
