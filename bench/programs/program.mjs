// What the measured programs share: users, the trivial session, and answering the benchmark.
import { serveBenchmark } from '../child.mjs'

/** Users by WebAuthn identifier. */
export const users = new Map([['user-1', { identifier: 'user-1', displayName: 'User One' }]])
/** The trivial session: a header names an entry of this map. */
export const sessions = new Map([['session-1', users.get('user-1')]])

/** Tells the benchmark where this program listens, and answers what it has used so far. */
export function measured(port) {
  serveBenchmark(
    { port },
    {
      usage() {
        const { user, system } = process.cpuUsage()
        return { cpuUs: user + system, rssMb: process.memoryUsage.rss() / 2 ** 20 }
      },
    },
  )
}
