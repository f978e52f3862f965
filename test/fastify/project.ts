import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CorbadoClientOptions } from '@corbado-connect/core'
import { type Emulator, type EmulatorOptions, startEmulator } from '@corbado-connect/emulator'
import type { FastifyInstance } from 'fastify'
import type { Test } from 'tap'

export interface User {
  readonly identifier: string
  readonly displayName: string
}

export const jane: User = { identifier: 'user-jane', displayName: 'Jane Doe' }
export const ken: User = { identifier: 'user-ken', displayName: 'Ken Adams' }

export const findUser = (identifier: string): User | null =>
  [jane, ken].find((user) => user.identifier === identifier) ?? null

export const secret = 'a session secret for tests, 32 bytes or more'

export const connectTokenPath = '/auth/createConnectToken'
export const verifyPath = '/auth/verifySignedPasskeyData'

/** A project at an offline Corbado, and how a client reaches it. */
export interface Project {
  readonly corbado: Emulator
  readonly client: CorbadoClientOptions
}

export async function startProject(t: Test, options: EmulatorOptions = {}): Promise<Project> {
  const corbado = await startEmulator(options)
  t.teardown(() => corbado.close())
  const { projectId, apiSecret, url } = corbado
  return { corbado, client: { projectId, apiSecret, backendApi: url } }
}

/** @returns where it listens */
export async function listen(t: Test, app: FastifyInstance): Promise<string> {
  t.teardown(() => app.close())
  return app.listen({ host: '127.0.0.1', port: 0 })
}

/** Listens with an Express app; `close` of its router belongs to the teardown too. @returns where it listens */
export async function listenExpress(t: Test, app: RequestListener, ...routers: Closable[]): Promise<string> {
  const server = createServer(app)
  t.teardown(async () => {
    await Promise.all(routers.map((router) => router.close()))
    await new Promise((resolve) => {
      server.close(resolve)
      server.closeAllConnections()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${portOf(server.address())}`
}

export interface Closable {
  close(): Promise<void>
}

function portOf(address: string | AddressInfo | null): number {
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return address.port
}
