import { buildApp } from './app.js'

const { app, auth } = buildApp()
const port = Number(process.env.PORT ?? 3000)
const host = process.env.HOST ?? 'localhost'
const server = app.listen(port, host, (error) => {
  // Express tells a port in use here, and nowhere else.
  if (error) throw error
  console.log(`Listening at http://${host}:${port}`)
})
server.requestTimeout = 10_000

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    await auth.close()
    server.closeIdleConnections()
    // One that a browser opened in advance and never used counts as busy, and would keep the process for ever.
    setTimeout(() => server.closeAllConnections(), 10_000).unref()
    await closed
  })
}
