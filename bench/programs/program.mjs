// What the measured programs share: users, the trivial session, and answering the benchmark.
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { serveBenchmark } from '../child.mjs'

/** Users by WebAuthn identifier. */
export const users = new Map([['user-1', { identifier: 'user-1', displayName: 'User One' }]])
/** The trivial session: a header names an entry of this map. */
export const sessions = new Map([['session-1', users.get('user-1')]])

/** Tells the benchmark where this program listens, and answers what it has used so far. */
export function measured(port) {
  let inspector
  serveBenchmark(
    { port },
    {
      usage() {
        const { user, system } = process.cpuUsage()
        return { cpuUs: user + system, rssMb: process.memoryUsage.rss() / 2 ** 20 }
      },
      async startProfile() {
        inspector = new Session()
        inspector.connect()
        await inspector.post('Profiler.enable')
        await inspector.post('Profiler.setSamplingInterval', { interval: 200 })
        await inspector.post('Profiler.start')
        return {}
      },
      async stopProfile({ file }) {
        const { profile } = await inspector.post('Profiler.stop')
        writeFileSync(file, JSON.stringify(profile))
        return profile
      },
    },
  )
}
