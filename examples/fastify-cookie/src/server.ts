import { buildApp } from './app.js'

const app = await buildApp()
await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? 'localhost' })

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void app.close()
    // A connection that a browser opened in advance and never used counts as busy, and would keep the process for ever.
    setTimeout(() => app.server.closeAllConnections(), 10_000).unref()
  })
}
