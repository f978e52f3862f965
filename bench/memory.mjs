// Whether memory grows with the number of requests served, and what a login costs in the memory replay store.
import { Child, cores } from './children.mjs'
import { signIn, startLoad, startProgram, startUpstream } from './environment.mjs'
import { round } from './numbers.mjs'

const connections = 64
const firstRequests = 10_000
export const memoryPrograms = ['raw', 'stock-express', 'fastify', 'express']

/** @returns {Promise<{ firstMb: number, lastMb: number }>} resident memory after 10,000 connect tokens, and after all */
export async function measureMemory(name, requests) {
  const children = []
  try {
    const { upstream, env } = await startUpstream()
    children.push(upstream)
    const { program, port } = await startProgram(name, { env })
    children.push(program)
    const load = await startLoad()
    children.push(load)
    const headers = await signIn(port, 'trivial')
    const residentAfter = async (count) => {
      const { failure } = await load.ask('send', {
        port,
        kind: 'connect-token',
        headers,
        status: 200,
        connections,
        count,
      })
      if (failure !== undefined) throw new Error(failure)
      return round((await program.ask('usage')).rssMb)
    }
    return { firstMb: await residentAfter(firstRequests), lastMb: await residentAfter(requests - firstRequests) }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}

/** @returns {Promise<number>} bytes that the memory replay store keeps per accepted login */
export async function measureReplayStore() {
  const program = new Child('programs/replay-store.mjs', { core: cores.programs, nodeOptions: ['--expose-gc'] })
  const { bytesPerLogin } = await program.ready
  await program.stop()
  return round(bytesPerLogin)
}
