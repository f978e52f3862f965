import { createHmac } from 'node:crypto'
import { compileFunction } from 'node:vm'
import t from 'tap'
import { readPage } from './markdown.js'

type ExampleUsers = typeof import('../../examples/users/dist/index.js')
// Compiled to test/build/docs.
const { Users }: ExampleUsers = await import(new URL('../../../examples/users/dist/index.js', import.meta.url).href)
const users = new Users()
const secret = 'a secret for decoys only, never rotated'

/** `decoyFor` of the frontend guide, run from the page itself. */
function documentedDecoyFor(email: string): string {
  const body = /function decoyFor\(email: string\): string \{\n(.*?)\n\}/s.exec(readPage('docs/frontend.md'))?.[1]
  if (body === undefined) throw new Error('docs/frontend.md has no function decoyFor')
  return String(compileFunction(body, ['createHmac', 'decoySecret', 'email'])(createHmac, secret, email))
}

for (const [name, decoyFor] of Object.entries({
  'examples/users': (email: string) => users.identifierFor(email, secret),
  'docs/frontend.md': documentedDecoyFor,
})) {
  t.test(`${name}: a decoy looks like a random UUID v4`, async (t) => {
    const decoys = Array.from({ length: 4000 }, (_, index) => decoyFor(`nobody-${index}@example.com`))
    const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    t.same(
      decoys.filter((decoy) => !uuid4.test(decoy)),
      [],
    )
    t.equal(new Set(decoys).size, decoys.length, 'one for each address')
    t.equal(decoyFor('nobody-1@example.com'), decoys[1], 'always the same for one address')

    // In a random UUID, no digit says anything about another one. The limits are seven standard deviations wide.
    const digits = decoys.map((decoy) => [...decoy.replaceAll('-', '')].map((digit) => Number.parseInt(digit, 16) & 3))
    const variant = 16
    for (let place = 0; place < 32; place++) {
      if (place === variant || place === 12) continue
      const share = digits.filter((own) => own[place] === own[variant]).length / digits.length
      t.ok(share > 0.2 && share < 0.3, `digit ${place} and the variant agree in ${share} of all decoys`)
    }
  })
}

t.test('examples/users: an account has its own identifier, under any secret', async (t) => {
  t.equal(users.identifierFor('jane@example.com', secret), users.identifierFor('jane@example.com', 'another secret'))
  t.not(users.identifierFor('nobody@example.com', secret), users.identifierFor('nobody@example.com', 'another secret'))
})
