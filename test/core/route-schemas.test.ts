import fc from 'fast-check'
import t from 'tap'
import { Check } from 'typebox/schema'
import { connectTokenRequestSchema, isConnectTokenRequest, isVerifyRequest, verifyRequestSchema } from './internals.js'

/** Any JSON, and objects that are nearly a request. */
const bodies = fc.oneof(
  fc.jsonValue(),
  fc.record(
    { type: fc.jsonValue(), signedPasskeyData: fc.jsonValue(), clientState: fc.jsonValue(), other: fc.jsonValue() },
    { requiredKeys: [] },
  ),
  fc.record({ type: fc.string(), signedPasskeyData: fc.string() }, { requiredKeys: [] }),
)

for (const [name, check, schema] of [
  ['createConnectToken', isConnectTokenRequest, connectTokenRequestSchema],
  ['verifySignedPasskeyData', isVerifyRequest, verifyRequestSchema],
] as const) {
  t.test(`the check of ${name} accepts exactly what its published schema accepts`, async (t) => {
    let accepted = 0
    fc.assert(
      fc.property(bodies, (body) => {
        const fits = check(body)
        if (fits) accepted += 1
        return fits === Check(schema, body)
      }),
      { numRuns: 2000 },
    )
    t.ok(accepted > 100, `${accepted} bodies were accepted`)
  })

  t.test(`the check of ${name} does not look at the prototype`, async (t) => {
    const inherited = Object.create({ type: 'passkey-list', signedPasskeyData: 'a.b.c' })
    t.equal(check(inherited), false)
    t.equal(check(JSON.parse('{"__proto__":{"type":"passkey-list","signedPasskeyData":"a.b.c"}}')), false)
  })
}
