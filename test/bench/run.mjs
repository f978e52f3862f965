// npm run bench: the programs in turn, several rounds, and their ratios to the one written by hand.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Pool } from 'undici'

const programs = ['by-hand', 'fastify', 'express']
const routes = ['verifySignedPasskeyData', 'createConnectToken']
const rounds = 5
const requestsPerRound = 4000
const concurrency = 32

const program = (name, env = {}) =>
  fork(fileURLToPath(new URL(`${name}.mjs`, import.meta.url)), { env: { ...process.env, ...env } })
const answerOf = async (child) => (await once(child, 'message'))[0]

const upstream = program('upstream')
const { url } = await answerOf(upstream)
const env = { CORBADO_PROJECT_ID: 'pro-1', CORBADO_API_SECRET: 'corbado1_bench', CORBADO_BACKEND_API: url }
const running = new Map()
for (const name of programs) {
  const started = performance.now()
  const child = program(name, env)
  const { url: origin } = await answerOf(child)
  running.set(name, {
    child,
    pool: new Pool(origin, { connections: concurrency }),
    startMs: performance.now() - started,
  })
}

const results = []
for (const route of routes) {
  for (const name of programs) await measure(name, route, 500)
  for (let round = 0; round < rounds; round += 1) {
    for (const name of programs) results.push({ name, route, ...(await measure(name, route, requestsPerRound)) })
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const table = routes.flatMap((route) =>
  programs.map((name) => {
    const of = (field, which) =>
      results.filter((row) => row.route === route && row.name === which).map((row) => row[field])
    const ratio = (field) =>
      median(of(field, name).map((value, index) => value / of(field, 'by-hand')[index])).toFixed(2)
    return {
      route,
      program: name,
      'requests/s': Math.round(median(of('perSecond', name))),
      '× by hand': ratio('perSecond'),
      'CPU µs/request': Math.round(median(of('cpuUs', name))),
      '× CPU by hand': ratio('cpuUs'),
      'p99 ms': median(of('p99', name)).toFixed(1),
    }
  }),
)
console.table(table)
for (const [name, { child, startMs }] of running) {
  child.send('usage')
  const { rssMb } = await answerOf(child)
  console.log(`${name}: ${Math.round(startMs)} ms until it listened, ${Math.round(rssMb)} MB at the end`)
}
for (const { child, pool } of running.values()) {
  await pool.close()
  child.disconnect()
}
upstream.disconnect()

async function measure(name, route, count) {
  const { child, pool } = running.get(name)
  const bodies = Array.from({ length: count }, () => bodyFor(route))
  const session = route === 'createConnectToken' ? await signIn(pool) : undefined
  const times = []
  const cpuBefore = await usage(child)
  const started = performance.now()
  let next = 0
  const worker = async () => {
    while (next < count) {
      const body = bodies[next]
      next += 1
      const sent = performance.now()
      const { statusCode } = await post(pool, route, body, session)
      if (statusCode !== 200) throw new Error(`${name} answered ${statusCode} at ${route}`)
      times.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  const seconds = (performance.now() - started) / 1000
  const cpuMs = (await usage(child)) - cpuBefore
  times.sort((a, b) => a - b)
  return { perSecond: count / seconds, cpuUs: (cpuMs * 1000) / count, p99: times[Math.floor(times.length * 0.99)] }
}

async function usage(child) {
  child.send('usage')
  return (await answerOf(child)).cpuMs
}

async function post(pool, route, body, cookie) {
  const {
    statusCode,
    headers,
    body: answer,
  } = await pool.request({
    method: 'POST',
    path: `/auth/${route}`,
    headers: {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      ...(cookie === undefined ? {} : { cookie }),
    },
    body,
  })
  await answer.dump()
  return { statusCode, headers }
}

async function signIn(pool) {
  const { headers } = await post(pool, 'verifySignedPasskeyData', bodyFor('verifySignedPasskeyData'))
  return [headers['set-cookie']].flat()[0].split(';')[0]
}

/** A token that the upstream of this benchmark accepts: it looks at no signature. */
function bodyFor(route) {
  if (route === 'createConnectToken') return '{"type":"passkey-list"}'
  const iat = Math.floor(Date.now() / 1000)
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iss: 'pro-1', sub: 'usr-1', exp: iat + 300, nbf: iat - 10, iat, webauthnId: 'user-1' }
  const header = { alg: 'RS256', kid: 'pki-1', typ: 'JWT' }
  const jwt = `${part(header)}.${part({ ...claims, jti: randomBytes(15).toString('hex') })}.${randomBytes(256).toString('base64url')}`
  return JSON.stringify({ signedPasskeyData: jwt })
}
