import { join } from 'node:path'
import t from 'tap'
import { codeBlocks, root } from './markdown.js'
import { runBlock } from './run-block.js'

/** What each of Corbado's example apps decodes after a login. */
const apps = { iOS: 'sessionId', Android: 'idToken' } as const

/** Decodes a JSON object as Kotlin's serialization does: every field is required, and no other field may exist. */
function decode(text: string, fields: Readonly<Record<string, 'boolean' | 'string'>>): Record<string, string> {
  const body: unknown = JSON.parse(text)
  const decoded = new Map(typeof body === 'object' && body !== null ? Object.entries(body) : [])
  for (const name of decoded.keys()) if (!(name in fields)) throw new Error(`Unknown field ${name}`)
  for (const [name, type] of Object.entries(fields)) {
    if (typeof decoded.get(name) !== type) throw new Error(`${name} must be a ${type}`)
  }
  return Object.fromEntries([...decoded].map(([name, value]) => [name, String(value)]))
}

for (const framework of ['Express', 'Fastify']) {
  const block = codeBlocks('docs/mobile.md').find(({ heading }) => heading === framework)
  for (const [app, field] of Object.entries(apps)) {
    t.test(`the ${framework} code of docs/mobile.md answers as Corbado's ${app} example expects`, async (t) => {
      const code = (block?.code ?? '').replace("tokenField = 'sessionId'", `tokenField = '${field}'`)
      t.match(code, `tokenField = '${field}'`)
      const { corbado, post, stop } = await runBlock(`${framework}-${app}`, code, join(root, 'test/build'))
      t.teardown(stop)

      const login = await post('/auth/verifySignedPasskeyData', { signedPasskeyData: await corbado.signIn('jane') })
      t.equal(login.status, 200)
      const { [field]: token } = decode(await login.text(), { success: 'boolean', [field]: 'string' })
      t.match(token, /^eyJ/)

      const askFor = (connectTokenType: string, idToken: unknown) =>
        post('/connectToken', { connectTokenType, idToken })
      for (const type of ['passkey-append', 'passkey-list', 'passkey-delete']) {
        const issued = await askFor(type, token)
        t.equal(issued.status, 201, type)
        t.match(decode(await issued.text(), { token: 'string' }), { token: /^ctk1_/ })
      }
      t.equal((await askFor('passkey-login', token)).status, 400)
      t.equal((await askFor('passkey-append', 'forged')).status, 401)
      const without = (await askFor('passkey-append', undefined)).status
      t.ok(without === 400 || without === 401, `without a token: ${without}`)
      const foreign = await post(
        '/connectToken',
        { connectTokenType: 'passkey-append', idToken: token },
        { origin: 'https://evil.example' },
      )
      t.equal(foreign.status, 403)

      let last = 0
      for (let tries = 0; tries < 40 && last !== 429; tries += 1) last = (await askFor('passkey-list', token)).status
      t.equal(last, 429, 'limits each user')
    })
  }
}
