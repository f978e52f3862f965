// What the measured programs share: users, a session secret, and telling the driver where they listen and what they used.
export const users = new Map([['user-1', { identifier: 'user-1', displayName: 'User One' }]])
export const secret = 'a secret of the benchmark, long enough'

export function report(port) {
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send({ cpuMs: (user + system) / 1000, rssMb: process.memoryUsage.rss() / 2 ** 20 })
  })
  process.once('disconnect', () => process.exit())
  process.send({ url: `http://127.0.0.1:${port}` })
}
