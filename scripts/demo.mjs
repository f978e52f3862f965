// npm run demo: runs the offline Corbado and an example app until Ctrl-C. With --walk it runs the whole journey and ends.
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { buildExamples, install, root } from './workspace.mjs'

const { values: flags } = parseArgs({
  options: {
    express: { type: 'boolean', default: false },
    walk: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (flags.help) {
  console.log(
    'npm run demo -- [--express] [--walk]\n  --express  runs the Express app instead of the Fastify app\n  --walk     walks the whole journey over HTTP and ends',
  )
  process.exit(0)
}

const example = flags.express ? 'express-bearer' : 'fastify-cookie'
console.log('Installing and building …')
await install({ quiet: true })
await buildExamples({ quiet: true })

const { startEmulator } = await import('@corbado-connect/emulator')
const port = await portFor(3000)
const appUrl = `http://localhost:${port}`
const corbado = await startEmulator({
  port: await portFor(4400),
  // The project of Corbado's sample token, so that the walk can show that it is refused because it has expired.
  projectId: 'pro-7815296293940881620',
  allowedOrigins: [appUrl],
})

const app = spawn('node', [`examples/${example}/dist/server.js`], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
  env: {
    ...process.env,
    PORT: String(port),
    LOG_LEVEL: 'warn',
    SESSION_SECRET: randomBytes(32).toString('base64url'),
    CORBADO_PROJECT_ID: corbado.projectId,
    CORBADO_API_SECRET: corbado.apiSecret,
    CORBADO_BACKEND_API: corbado.url,
    FRONTEND_API: corbado.browserUrl,
  },
})
const ended = once(app, 'exit')
let stopping = false
ended.then(async ([code]) => {
  if (stopping) return
  console.error(`The app ended unexpectedly with code ${code}`)
  await corbado.close()
  process.exit(1)
})

async function stop() {
  if (stopping) return
  stopping = true
  app.kill('SIGTERM')
  await ended
  await corbado.close()
}

// The app must not outlive the demo.
for (const signal of ['SIGINT', 'SIGTERM']) {
  // Not `once`: a second signal must not end the demo before the app.
  process.on(signal, () => {
    // An interrupted walk has failed.
    if (flags.walk) process.exitCode = 1
    void stop()
  })
}

try {
  await reachable(appUrl)
} catch (error) {
  await stop()
  throw error
}
if (flags.walk) {
  const { walk } = await import('./walk.mjs')
  try {
    await walk({ appUrl, corbado, bearer: flags.express })
  } catch (error) {
    console.error(`\nThe walk failed: ${error.message}`)
    process.exitCode = 1
  } finally {
    await stop()
  }
} else {
  console.log(`
  ${`The app (${example})`.padEnd(26)} ${appUrl}
  ${'The offline Corbado'.padEnd(26)} ${corbado.browserUrl}

  Sign in as  jane@example.com / correct horse battery staple
         or   ali@example.com  / open sesame, said nobody

  Ctrl-C ends both.`)
  // npm does not pass on every signal. When npm has ended, end too.
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    void stop()
  }, 500)
  ended.finally(() => clearInterval(watch))
}

/** The preferred port, or any free port when it is in use. */
async function portFor(preferred) {
  return (await freePort(preferred)) ?? (await freePort(0))
}

/** @returns the port, or undefined when it is in use */
async function freePort(wanted) {
  const server = createServer().listen(wanted, 'localhost')
  try {
    await once(server, 'listening')
  } catch {
    return undefined
  }
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function reachable(url) {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await fetch(url, { method: 'HEAD' })
      return
    } catch {
      await sleep(100)
    }
  }
  throw new Error(`${url} did not answer within 10 seconds`)
}
