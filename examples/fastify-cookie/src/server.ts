import { closeOnSignal } from '@corbado-connect/example-shutdown'
import { buildApp } from './app.js'

const app = await buildApp()
await app.listen({ port: Number(process.env.PORT ?? 3000), host: process.env.HOST ?? 'localhost' })

closeOnSignal(app.server, () => app.close())
