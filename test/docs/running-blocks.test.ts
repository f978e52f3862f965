import { join } from 'node:path'
import t from 'tap'
import { installExpress4 } from '../support/express4.js'
import { codeBlocks, root } from './markdown.js'
import { runBlock } from './run-block.js'

const build = join(root, 'test/build')
const express4 = join(build, 'ten-lines-express4')
const browser = { 'sec-fetch-site': 'same-origin' }

function blockUnder(page: string, heading: string): string {
  const block = codeBlocks(page).find((candidate) => candidate.heading === heading)
  if (block === undefined) throw new Error(`${page} has no block under "${heading}"`)
  return block.code
}

installExpress4(express4)
const expressLines = blockUnder('README.md', 'Express')
const behindJson = expressLines.replace('const app = express()\n', 'const app = express()\napp.use(express.json())\n')
const cases = [
  { name: 'Fastify', lines: blockUnder('README.md', 'Fastify'), folder: build },
  { name: 'Express 5', lines: expressLines, folder: build },
  { name: 'Express 5 behind express.json()', lines: behindJson, folder: build },
  { name: 'Express 4', lines: expressLines, folder: express4 },
  { name: 'Express 4 behind express.json()', lines: behindJson, folder: express4 },
]

for (const { name, lines, folder } of cases) {
  t.test(`the ten lines of the README run as printed: ${name}`, async (t) => {
    const { corbado, post, stop } = await runBlock(name, lines, folder)
    t.teardown(stop)
    const signedPasskeyData = await corbado.signIn('jane')
    const login = await post('/auth/verifySignedPasskeyData', { signedPasskeyData }, browser)
    t.equal(login.status, 200)
    t.same(await login.json(), { success: true })
    const session = { cookie: login.headers.getSetCookie()[0]?.split(';')[0] ?? '', ...browser }
    const issued = await post('/auth/createConnectToken', { type: 'passkey-append' }, session)
    t.equal(issued.status, 200)
    t.match(await issued.json(), { connectToken: /^ctk1_/, expiresAt: Number })
    t.equal((await post('/auth/createConnectToken', { type: 'passkey-append' }, browser)).status, 401)
  })
}
