import { closeOnSignal } from '@corbado-connect/example-shutdown'
import { buildApp } from './app.js'

const { app, auth } = buildApp()
const port = Number(process.env.PORT ?? 3000)
const host = process.env.HOST ?? 'localhost'
const server = app.listen(port, host, (error) => {
  // Express reports a port in use only here.
  if (error) throw error
  console.log(`Listening at http://${host}:${port}`)
})
server.requestTimeout = 10_000

closeOnSignal(server, async () => {
  const closed = new Promise((resolve) => server.close(resolve))
  await auth.close()
  await closed
})
