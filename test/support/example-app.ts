import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Emulator } from '@corbado-connect/emulator'
import { freePort, listening } from './ports.js'

/** The example apps that serve the same page and routes. */
export const examples = ['fastify-cookie', 'express-bearer'] as const

export type Example = (typeof examples)[number]

/** The environment variables of an example app that uses this emulator. */
export function exampleEnvironment(corbado: Emulator): Record<string, string> {
  return {
    CORBADO_PROJECT_ID: corbado.projectId,
    CORBADO_API_SECRET: corbado.apiSecret,
    CORBADO_BACKEND_API: corbado.url,
    FRONTEND_API: corbado.browserUrl,
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    LOG_LEVEL: 'silent',
  }
}

/** An example app that runs as a process, as a user starts it. */
export interface ExampleProcess {
  readonly port: number
  readonly child: ChildProcess
  /** Standard output and standard error so far. */
  output(): string
  /** The exit code and the signal, once the process has ended. */
  readonly ended: Promise<unknown[]>
}

/** Starts the built `server.js` of an example. */
export function spawnExample(example: Example, corbado: Emulator, port: number): ExampleProcess {
  const script = fileURLToPath(new URL(`../../../examples/${example}/dist/server.js`, import.meta.url))
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Only these variables: the loaders of the test runner must not reach the app.
    env: {
      ...exampleEnvironment(corbado),
      PATH: process.env.PATH,
      PORT: String(port),
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  }
  return { port, child, output: () => output, ended: once(child, 'close') }
}

/** Starts an example on a free port and waits until it listens. */
export async function startExampleProcess(example: Example, corbado: Emulator): Promise<ExampleProcess> {
  const app = spawnExample(example, corbado, await freePort())
  await Promise.race([
    listening(app.port),
    app.ended.then(() => {
      throw new Error(`${example} ended before it listened: ${app.output()}`)
    }),
  ])
  return app
}
