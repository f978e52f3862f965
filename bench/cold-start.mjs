// How long a new process takes until it has answered its first request.
import { signIn, startProgram, startUpstream } from './environment.mjs'
import { median, round } from './numbers.mjs'

export const coldStartPrograms = ['raw', 'stock-fastify', 'stock-express', 'fastify', 'express']

/** @returns {Promise<number>} milliseconds, the median of `launches` */
export async function measureColdStart(name, launches) {
  const { upstream, env } = await startUpstream()
  try {
    const times = []
    for (let launch = 0; launch < launches; launch += 1) {
      const started = performance.now()
      const { program, port } = await startProgram(name, { env })
      const headers = { ...(await signIn(port, 'trivial')), 'content-type': 'application/json' }
      const response = await fetch(`http://localhost:${port}/auth/createConnectToken`, {
        method: 'POST',
        headers: { ...headers, 'sec-fetch-site': 'same-origin' },
        body: '{"type":"passkey-list"}',
      })
      await response.arrayBuffer()
      times.push(performance.now() - started)
      await program.stop()
      if (response.status !== 200) throw new Error(`${name} answered its first request with ${response.status}`)
    }
    return round(median(times))
  } finally {
    await upstream.stop()
  }
}
