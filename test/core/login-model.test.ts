import assert from 'node:assert/strict'
import { memoryReplayStore, type ReplayStore } from '@corbado-connect/core'
import fc, { type Scheduler } from 'fast-check'
import t from 'tap'
import { outcomeOf, summary } from './corbado-calls.js'
import { connectOver } from './flows.js'
import { newContext } from './http-context.js'
import { tokenOf } from './passkey-tokens.js'
import { type Fate, verdictOf } from './scripted-upstream.js'

/** What can become of a verification, what the login then comes to, and whether the token is given back. */
const fates = {
  success: { fate: verdictOf('success'), outcome: 'ok', released: false },
  invalid_signature: { fate: verdictOf('invalid_signature'), outcome: '401 PASSKEY_REJECTED', released: true },
  user_mismatch: { fate: verdictOf('user_mismatch'), outcome: '401 PASSKEY_REJECTED', released: true },
  generic_error: { fate: verdictOf('generic_error'), outcome: '502 OUTCOME_UNKNOWN', released: false },
  rejected: { fate: { status: 400, body: {} }, outcome: '401 PASSKEY_REJECTED', released: true },
  forbidden: { fate: { status: 403, body: {} }, outcome: '503 UPSTREAM_UNAVAILABLE', released: true },
  busy: { fate: { status: 429, body: {} }, outcome: '503 UPSTREAM_BUSY retryable', released: true },
  failed: { fate: { status: 500, body: {} }, outcome: '502 OUTCOME_UNKNOWN', released: false },
  garbage: { fate: { status: 200, body: [] }, outcome: '502 OUTCOME_UNKNOWN', released: false },
  reset: { fate: 'reset', outcome: '502 OUTCOME_UNKNOWN', released: false },
  unsent: { fate: 'unsent', outcome: '503 UPSTREAM_UNAVAILABLE retryable', released: true },
} as const satisfies Record<string, { fate: Fate; outcome: string; released: boolean }>
type FateName = keyof typeof fates

/** How an operation of the store goes wrong: without effect, or carried out although it seems to fail. */
type StoreFault = 'none' | 'lost' | 'unheard'
type Faults = Record<'reserve' | 'markUsed' | 'release', StoreFault[]>

/** A store whose every step waits for its turn, before it takes effect and before its answer is heard. */
function scheduledStore(s: Scheduler, store: ReplayStore, faults: Faults): ReplayStore {
  const step = async <Result>(name: keyof Faults, operation: () => Result | Promise<Result>): Promise<Result> => {
    const fault = faults[name].shift() ?? 'none'
    await s.schedule(Promise.resolve(), `${name} arrives`)
    if (fault === 'lost') throw new Error('connection lost')
    const result = await operation()
    await s.schedule(Promise.resolve(), `${name} answers`)
    if (fault === 'unheard') throw new Error('answer lost')
    return result
  }
  return {
    reserve: (key, owner, ttlMs) => step('reserve', () => store.reserve(key, owner, ttlMs)),
    markUsed: (key, owner) => step('markUsed', () => store.markUsed(key, owner)),
    release: (key, owner) => step('release', () => store.release(key, owner)),
  }
}

// Two people, each token in two spellings of its signature.
const tokens = ['jane', 'joe'].map((identifier) => tokenOf(identifier))
const spellings = tokens.flatMap((token) => [token, `${token.slice(0, token.lastIndexOf('.'))}.AAAA`])
const inputOf = (token: string): string => token.slice(0, token.lastIndexOf('.'))
const tokenIn = (body: string): string => {
  const { signedPasskeyData }: { signedPasskeyData: string } = JSON.parse(body)
  return inputOf(signedPasskeyData)
}

const fateName = fc.constantFrom<FateName>(
  'success',
  'success',
  ...Object.keys(fates).filter((name): name is FateName => name in fates),
)
const submissions = fc.array(fc.nat({ max: spellings.length - 1 }), { minLength: 2, maxLength: 7 })
const hookFails = fc.array(fc.boolean(), { maxLength: 3 })
const fault = fc.array(fc.constantFrom<StoreFault>('none', 'none', 'none', 'lost', 'unheard'), { maxLength: 6 })
const faultless = fc.constant<Faults>({ reserve: [], markUsed: [], release: [] })
const faulty = fc.record({ reserve: fault, markUsed: fault, release: fault })

type Run = { submissions: number[]; fates: FateName[]; hookFails: boolean[]; faults: Faults }
type Attempt = { token: string; fate: FateName; over: boolean }

/** Lets all submissions race over one store, in the order that the scheduler picks, and checks what always holds. */
async function race(s: Scheduler, run: Run): Promise<{ outcomes: string[]; attempts: Attempt[] }> {
  const store = memoryReplayStore()
  const attempts: Attempt[] = []
  const sessionTries: string[] = []
  const violations: string[] = []
  const failing = [...run.hookFails]
  const toCome = [...run.fates]
  const flow = connectOver(
    async (body) => {
      const attempt = { token: tokenIn(body), fate: toCome.shift() ?? 'success', over: false }
      // One request per reservation: never two under way for one token, never one after an outcome that keeps it.
      for (const earlier of attempts.filter(({ token }) => token === attempt.token)) {
        if (!earlier.over || !fates[earlier.fate].released) violations.push(`sent again after ${earlier.fate}`)
      }
      attempts.push(attempt)
      await s.schedule(Promise.resolve(), `verdict ${attempt.fate}`)
      attempt.over = true
      return fates[attempt.fate].fate
    },
    {
      replayStore: scheduledStore(s, store, structuredClone(run.faults)),
      findUser: async (identifier) => {
        await s.schedule(Promise.resolve(), `findUser ${identifier}`)
        return { identifier }
      },
      createSession: async ({ user }) => {
        sessionTries.push(user.identifier)
        await s.schedule(Promise.resolve(), `createSession ${user.identifier}`)
        if (failing.shift() === true) throw new Error('the session store is down')
      },
    },
  )
  const logins = run.submissions.map(async (index) => {
    await s.schedule(Promise.resolve(), `submission of ${index}`)
    const signedPasskeyData = spellings[index] ?? ''
    return summary(await outcomeOf(flow.connect.verifyLogin({ signedPasskeyData }, newContext())))
  })
  const outcomes = await s.waitFor(Promise.all(logins))
  // Releases in the background of reservations whose answer was lost.
  await s.waitAll()
  await flow.connect.close()

  assert.deepEqual(violations, [])
  for (const identifier of ['jane', 'joe']) {
    const tries = sessionTries.filter((name) => name === identifier).length
    assert.ok(tries <= 1, `createSession ran ${tries} times for ${identifier}`)
  }
  assert.equal(outcomes.filter((outcome) => outcome === 'ok').length, flow.sessions.length)
  return { outcomes, attempts }
}

const model = (faults: fc.Arbitrary<Faults>) =>
  fc.record({ submissions, fates: fc.array(fateName, { maxLength: 6 }), hookFails, faults })

t.test('any order of steps: at most one session per token, every outcome has its reason', async (t) => {
  const property = fc.asyncProperty(fc.scheduler(), model(faultless), async (s, run) => {
    const { outcomes, attempts } = await race(s, run)
    // Whoever did not get to ask Corbado was told that the token is taken.
    const asked = outcomes.filter((outcome) => outcome !== '409 TOKEN_ALREADY_USED')
    const expected = attempts.map(({ fate }) => fates[fate].outcome)
    const failed = asked.filter((outcome) => outcome === '500 SESSION_FAILED').length
    const accepted = expected.filter((outcome) => outcome === 'ok').length
    assert.equal(asked.filter((outcome) => outcome === 'ok').length + failed, accepted)
    const refusals = (list: string[]): string[] =>
      list.filter((outcome) => outcome !== 'ok' && outcome !== '500 SESSION_FAILED').toSorted()
    assert.deepEqual(refusals(asked), refusals(expected))
    // Of every token that was submitted, somebody got to ask.
    const submitted = new Set(run.submissions.map((index) => inputOf(spellings[index] ?? '')))
    assert.deepEqual(new Set(attempts.map(({ token }) => token)), submitted)
  })
  await t.resolves(fc.assert(property, { numRuns: 250 }))
})

t.test('any order of steps with a store that loses commands and answers: still at most one', async (t) => {
  const property = fc.asyncProperty(fc.scheduler(), model(faulty), async (s, run) => {
    const { outcomes } = await race(s, run)
    const possible = new Set<string>(Object.values(fates).map(({ outcome }) => outcome))
    for (const extra of ['409 TOKEN_ALREADY_USED', '500 SESSION_FAILED', '503 STORE_UNAVAILABLE']) possible.add(extra)
    possible.add('503 STORE_UNAVAILABLE retryable')
    for (const outcome of outcomes) assert.ok(possible.has(outcome), outcome)
  })
  await t.resolves(fc.assert(property, { numRuns: 250 }))
})

t.test('the model would notice: without a store, two logins of one token are two sessions', async (t) => {
  const careless: ReplayStore = { reserve: () => true, markUsed: () => true, release: () => {} }
  const flow = connectOver(() => verdictOf('success'), { replayStore: careless })
  const [signedPasskeyData = ''] = tokens
  for (let index = 0; index < 2; index += 1) await flow.connect.verifyLogin({ signedPasskeyData }, newContext())
  t.same(flow.sessions, ['jane', 'jane'])
})
