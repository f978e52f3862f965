#!/usr/bin/env node
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Emulator, startEmulator } from './emulator.js'
import { defaults } from './options.js'
import { fingerprint } from './state/fingerprint.js'

const help = `An offline Corbado for development and tests.

Usage: corbado-emulator [options]

  --port <number>        port on 127.0.0.1 (default 4400; 0 takes a free one)
  --project-id <id>      default ${defaults.projectId}
  --api-secret <secret>  default ${defaults.apiSecret}
  --api-key <key>        default ${defaults.apiKey}
  --origin <origin>      a page that may use passkeys, such as http://localhost:3000 (repeatable)
  --seed <file>          JSON with users and passkeys that are there from the start
  --require-process      refuse Frontend API calls without a known X-Corbado-Process-ID
  --require-connect-login-token
                         refuse logins without a passkey-login connect token
  --help                 show this help
`

const cliOptions = {
  port: { type: 'string', default: '4400' },
  'project-id': { type: 'string', default: defaults.projectId },
  'api-secret': { type: 'string', default: defaults.apiSecret },
  'api-key': { type: 'string', default: defaults.apiKey },
  origin: { type: 'string', multiple: true },
  seed: { type: 'string' },
  'require-process': { type: 'boolean', default: false },
  'require-connect-login-token': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const

/** A command line that is not understood ends with status 2, everything else that goes wrong with 1. */
const misuseStatus = 2

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = isMisuse(error) ? misuseStatus : 1
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: cliOptions, allowPositionals: false })
  if (values.help) {
    process.stdout.write(help)
    return
  }
  const emulator = await startEmulator({
    port: readPort(values.port),
    projectId: values['project-id'],
    apiSecret: values['api-secret'],
    apiKey: values['api-key'],
    allowedOrigins: values.origin,
    requireProcess: values['require-process'],
    requireConnectLoginToken: values['require-connect-login-token'],
  })
  if (values.seed !== undefined) await seedFrom(values.seed, emulator)
  // The default secret is public; one of the user's own must not end up in a log.
  const secret = emulator.apiSecret === defaults.apiSecret ? emulator.apiSecret : fingerprint(emulator.apiSecret)
  process.stdout.write(`The Corbado emulator listens on ${emulator.browserUrl}

  CORBADO_BACKEND_API=${emulator.url}
  CORBADO_PROJECT_ID=${emulator.projectId}
  CORBADO_API_SECRET=${secret}
  FRONTEND_API=${emulator.browserUrl}

Pages that may use passkeys: ${values.origin?.join(', ') ?? 'none, --origin allows one'}
Press Ctrl-C to stop it.
`)
  const end = (): void => {
    process.off('SIGINT', end).off('SIGTERM', end)
    void emulator.close()
  }
  process.on('SIGINT', end).on('SIGTERM', end)
}

/** A seed that cannot be used ends the process: a test must not run against half a Corbado. */
async function seedFrom(file: string, emulator: Emulator): Promise<void> {
  try {
    emulator.seed(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    await emulator.close()
    throw new TypeError(`--seed must name a JSON file: ${error instanceof Error ? error.message : error}`)
  }
}

function readPort(text: string): number {
  if (/^[0-9]{1,5}$/.test(text)) return Number(text)
  throw new TypeError('--port must be a number from 0 to 65535')
}

function isMisuse(error: unknown): boolean {
  return error instanceof TypeError
}
