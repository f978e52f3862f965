// Run as a process of its own: what a server warns of when the header of a proxy arrives.
import { HeaderSession } from '../support/people.js'
import { browser, logIn } from '../support/requests.js'
import { frameworks } from '../support/servers.js'

const [index = '0', backendApi = '', trustProxy = 'false'] = process.argv.slice(2)
const framework = frameworks[Number(index)]
if (framework === undefined) throw new Error(`No framework ${index}`)

// Heard, not read from standard error: the runner of the tests may switch the printing of warnings off.
process.on('warning', (warning) => console.log('code' in warning ? warning.code : warning.message))

const app = await framework.start(
  {
    client: { projectId: 'pro-1', apiSecret: 'corbado1_x', backendApi },
    session: new HeaderSession(),
    findUser: () => null,
  },
  { trustProxy: JSON.parse(trustProxy) },
)
for (let sent = 0; sent < 3; sent += 1) await logIn(app, 'malformed', { ...browser, 'x-forwarded-for': '9.9.9.9' })
await app.close()
