import { buildApp } from './app.js'

const { app, auth } = buildApp()
const port = Number(process.env.PORT ?? 3000)
const host = process.env.HOST ?? 'localhost'
const server = app.listen(port, host, () => console.log(`Listening at http://${host}:${port}`))
server.requestTimeout = 10_000

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    await auth.close()
    server.closeIdleConnections()
    await closed
  })
}
