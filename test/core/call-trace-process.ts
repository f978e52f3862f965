// Run as a process of its own, because an error in a subscriber reaches the whole process.
import { tracingChannel } from 'node:diagnostics_channel'
import { clientOf, create, summary } from './corbado-calls.js'

const [origin = '', handled = ''] = process.argv.slice(2)
if (handled === 'handled') process.on('uncaughtException', ({ message }) => console.log(`uncaught: ${message}`))

const fail = (): never => {
  throw new Error('the subscriber failed')
}
tracingChannel('corbado-connect:call').subscribe({
  start: fail,
  end: fail,
  asyncStart: fail,
  asyncEnd: fail,
  error: fail,
})
const client = clientOf({ origin })
console.log(`answer: ${summary(await create(client))}`)
await client.close()
