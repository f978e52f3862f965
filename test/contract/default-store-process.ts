// Run as a process of its own: registers twice without a replay store, and prints the warnings.
import cluster from 'node:cluster'
import { HeaderSession } from '../support/people.js'
import { frameworks } from '../support/servers.js'

const [index = '0', inCluster] = process.argv.slice(2)
const framework = frameworks[Number(index)]
if (framework === undefined) throw new Error(`No framework ${index}`)

if (inCluster === 'cluster' && cluster.isPrimary) {
  cluster.fork()
} else {
  process.on('warning', (warning) => console.log('code' in warning ? warning.code : warning.message))
  for (const prefix of ['/auth', '/mobile']) {
    const app = await framework.start({
      client: { projectId: 'pro-1', apiSecret: 'corbado1_x' },
      session: new HeaderSession(),
      findUser: () => null,
      prefix,
    })
    await app.close()
  }
  cluster.worker?.disconnect()
}
