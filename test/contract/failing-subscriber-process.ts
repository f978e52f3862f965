// Run as a process of its own, because Node reports an error in a subscriber to the whole process.
import { channel } from 'node:diagnostics_channel'
import { HeaderSession, People } from '../support/people.js'
import { askForToken, logIn } from '../support/requests.js'
import { frameworks } from '../support/servers.js'

const [backendApi = '', projectId = '', apiSecret = '', identifier = '', ...tokens] = process.argv.slice(2)

let uncaught = 0
process.on('uncaughtException', () => {
  uncaught += 1
})
channel('corbado-connect:event').subscribe(() => {
  throw new Error('the subscriber failed')
})
for (const [index, framework] of frameworks.entries()) {
  uncaught = 0
  let events = 0
  const app = await framework.start({
    client: { backendApi, projectId, apiSecret },
    session: new HeaderSession(),
    findUser: new People({ identifier }).find,
    onEvent() {
      events += 1
    },
  })
  const issued = await askForToken(app, identifier)
  const accepted = await logIn(app, tokens[index])
  const refused = await logIn(app, tokens[index])
  await app.close()
  console.log(
    `${framework.name}: ${issued.status} ${accepted.status} ${refused.status}, ${events} events, ${uncaught} uncaught`,
  )
}
