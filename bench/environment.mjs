// What the programs need around them: an upstream, a certificate, Redis.
import { makeCertificate } from './certificate.mjs'
import { Child, cores } from './children.mjs'

let certificate

/** Whether this machine can measure over TLS: it needs `openssl`. */
export const tlsAvailable = () => {
  certificate ??= makeCertificate() ?? null
  return certificate !== null
}

/**
 * Starts an upstream.
 *
 * @returns {Promise<{ upstream: Child, env: Record<string, string> }>} it, and the environment of a program that calls it
 */
export async function startUpstream({ tls = false, delayMs = 0 } = {}) {
  if (tls && !tlsAvailable()) throw new Error('openssl is needed to measure over TLS')
  const upstream = new Child('upstream.mjs', {
    core: cores.others,
    env: {
      BENCH_DELAY_MS: String(delayMs),
      ...(tls && { BENCH_TLS_KEY: certificate.key, BENCH_TLS_CERTIFICATE: certificate.certificate }),
    },
  })
  const { url } = await upstream.ready
  return {
    upstream,
    env: {
      CORBADO_PROJECT_ID: 'pro-1',
      CORBADO_API_SECRET: 'corbado1_bench',
      CORBADO_BACKEND_API: url,
      ...(tls && { NODE_EXTRA_CA_CERTS: certificate.certificate }),
    },
  }
}

/** Starts a program of bench/programs on the core of the programs. */
export async function startProgram(name, { env }) {
  const program = new Child(`programs/${name}.mjs`, { core: cores.programs, env })
  const { port } = await program.ready
  return { program, port }
}

/** Starts a load generator. */
export async function startLoad() {
  const load = new Child('load.mjs', { core: cores.others })
  await load.ready
  return load
}

/** The headers of a signed-in client, for a program at this port. */
export async function signIn(port, session, token) {
  if (session === 'trivial') return { 'x-session': 'session-1' }
  const response = await fetch(`http://localhost:${port}/auth/verifySignedPasskeyData`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ signedPasskeyData: token }),
  })
  if (response.status !== 200) throw new Error(`Signing in was answered with ${response.status}`)
  if (session === 'cookie') return { cookie: response.headers.getSetCookie()[0].split(';')[0] }
  return { authorization: `Bearer ${(await response.json()).accessToken}` }
}
