import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Emulator, startEmulator } from '@corbado-connect/emulator'
import type { Express } from 'express'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import { type Example, exampleEnvironment } from '../support/example-app.js'
import { portOf } from '../support/ports.js'

/** An example app that listens, with a Corbado of its own. */
export interface RunningExample {
  readonly origin: string
  readonly corbado: Emulator
}

/** The page as its sources are now: a bundle of yesterday must not be what is tested. */
export async function bundlePage(): Promise<void> {
  await promisify(execFile)(process.execPath, [
    fileURLToPath(new URL('../../../examples/web/build.mjs', import.meta.url)),
  ])
}

/** Starts an example as its own `server.js` would, configured by the environment; it ends with the test. */
export async function startExample(t: Test, example: Example): Promise<RunningExample> {
  const corbado = await startEmulator()
  t.teardown(() => corbado.close())
  Object.assign(process.env, exampleEnvironment(corbado))
  const port = await (example === 'fastify-cookie' ? listenOnFastify(t) : listenOnExpress(t))
  // A passkey's relying party is a name: 127.0.0.1 cannot be one.
  const origin = `http://localhost:${port}`
  corbado.setAllowedOrigins([origin])
  return { origin, corbado }
}

async function listenOnFastify(t: Test): Promise<number> {
  const { buildApp }: { buildApp(): Promise<FastifyInstance> } = await load('fastify-cookie')
  const app = await buildApp()
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return portOf(app.server.address())
}

async function listenOnExpress(t: Test): Promise<number> {
  const { buildApp }: { buildApp(): { app: Express; auth: { close(): Promise<void> } } } = await load('express-bearer')
  const { app, auth } = buildApp()
  const server = app.listen(0, '127.0.0.1')
  t.teardown(async () => {
    server.close()
    server.closeAllConnections()
    await auth.close()
  })
  await once(server, 'listening')
  return portOf(server.address())
}

/** Not imported by its name: each app tells TypeScript its own user type, which would become that of all tests. */
const load = (example: Example) => import(`@corbado-connect/example-${example}`)
