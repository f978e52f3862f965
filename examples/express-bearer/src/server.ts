import { buildApp } from './app.js'

const { app, auth } = buildApp()
const server = app.listen(Number(process.env.PORT ?? 3000), process.env.HOST ?? 'localhost')
server.requestTimeout = 10_000

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    await auth.close()
    server.closeIdleConnections()
    await closed
  })
}
