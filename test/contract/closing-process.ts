// Run as a process of its own: a server that has worked and is closed must not keep the process alive.
import { HeaderSession, People } from '../support/people.js'
import { askForToken, logIn } from '../support/requests.js'
import { frameworks } from '../support/servers.js'

const [index = '0', backendApi = '', projectId = '', apiSecret = '', identifier = '', signedPasskeyData = ''] =
  process.argv.slice(2)
const framework = frameworks[Number(index)]
if (framework === undefined) throw new Error(`No framework ${index}`)

// The client, the stores and the limiters are those that the package makes by itself.
Object.assign(process.env, {
  CORBADO_PROJECT_ID: projectId,
  CORBADO_API_SECRET: apiSecret,
  CORBADO_BACKEND_API: backendApi,
})
const app = await framework.start({ session: new HeaderSession(), findUser: new People({ identifier }).find })
const issued = await askForToken(app, identifier)
const accepted = await logIn(app, signedPasskeyData)
await app.close()
console.log(`closed ${issued.status} ${accepted.status}`)
