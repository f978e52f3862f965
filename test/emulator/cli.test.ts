import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import t from 'tap'

const cliPath = join(dirname(createRequire(import.meta.url).resolve('@corbado-connect/emulator')), 'cli.js')

function run(...args: string[]): {
  child: ChildProcess
  out: () => string
  err: () => string
  ended: Promise<unknown[]>
} {
  const child = spawn(process.execPath, [cliPath, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk
  })
  return { child, out: () => out, err: () => err, ended: once(child, 'close') }
}

async function listening(process: ReturnType<typeof run>): Promise<string> {
  while (!process.out().includes('Ctrl-C')) await new Promise((resolve) => setTimeout(resolve, 20))
  return process.out()
}

t.test('listens, says where, and ends cleanly on a signal', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const process = run('--port', '0')
    const output = await listening(process)
    t.match(output, /listens on http:\/\/localhost:[0-9]+/)
    const url = /CORBADO_BACKEND_API=(\S+)/.exec(output)?.[1] ?? ''
    const id = /CORBADO_PROJECT_ID=(\S+)/.exec(output)?.[1]
    const secret = /CORBADO_API_SECRET=(\S+)/.exec(output)?.[1]
    const authorization = `Basic ${btoa(`${id}:${secret}`)}`
    t.equal((await fetch(`${url}/v2/connectTokens`, { headers: { authorization } })).status, 200)
    process.child.kill(signal)
    t.strictSame(await process.ended, [0, null], signal)
    t.equal(process.err(), '')
  }
})

t.test('takes project and secrets, and prints no secret of the user’s', async (t) => {
  const process = run('--port=0', '--project-id=pro-7', '--api-secret=corbado1_mine', '--api-key=key_mine')
  const output = await listening(process)
  const url = /CORBADO_BACKEND_API=(\S+)/.exec(output)?.[1] ?? ''
  t.match(output, 'CORBADO_PROJECT_ID=pro-7')
  t.notMatch(output, 'corbado1_mine')
  t.notMatch(output, 'key_mine')
  for (const authorization of [`Basic ${btoa('pro-7:corbado1_mine')}`, 'Bearer key_mine']) {
    t.equal((await fetch(`${url}/v2/connectTokens`, { headers: { authorization } })).status, 200)
  }
  process.child.kill('SIGTERM')
  await process.ended
})

t.test('--origin, repeated, names the pages that may use passkeys', async (t) => {
  const process = run('--port', '0', '--origin', 'http://localhost:3000', '--origin=http://localhost:3001')
  const output = await listening(process)
  t.match(output, 'http://localhost:3000, http://localhost:3001')
  const url = /CORBADO_BACKEND_API=(\S+)/.exec(output)?.[1] ?? ''
  for (const [origin, status] of [
    ['http://localhost:3000', 204],
    ['http://localhost:3001', 204],
    ['http://localhost:3002', 403],
  ] as const) {
    t.equal((await fetch(`${url}/v2/connect/login/init`, { method: 'OPTIONS', headers: { origin } })).status, status)
  }
  process.child.kill('SIGTERM')
  await process.ended
})

t.test('--seed adds users and passkeys from a file', async (t) => {
  const folder = t.testdir({
    'seed.json': JSON.stringify({ users: [{ identifier: 'jane' }] }),
    'bad.json': '{"user":[]}',
  })
  const process = run('--port', '0', '--seed', join(folder, 'seed.json'))
  const url = /CORBADO_BACKEND_API=(\S+)/.exec(await listening(process))?.[1] ?? ''
  const start = await fetch(`${url}/v2/connect/login/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier: 'jane', source: 'text-field', loadedMs: 1 }),
  })
  t.notMatch(await start.text(), 'no_cbo_user', 'Corbado has seen this user')
  process.child.kill('SIGTERM')
  await process.ended

  for (const file of ['bad.json', 'missing.json']) {
    const refused = run('--port', '0', '--seed', join(folder, file))
    t.strictSame(await refused.ended, [2, null], file)
    t.match(refused.err(), /--seed must name a JSON file/)
  }
})

t.test('help', async (t) => {
  const process = run('--help')
  t.strictSame(await process.ended, [0, null])
  for (const flag of ['--port', '--project-id', '--api-secret', '--api-key', '--origin', '--seed'])
    t.match(process.out(), flag)
})

t.test('a command line that is not understood ends with status 2 and says why', async (t) => {
  for (const [args, message] of [
    [['--prt', '1'], '--prt'],
    [['--port', 'x'], '--port'],
    [['--port', '70000'], 'port'],
    [['--project-id', 'x'], 'projectId'],
    [['--origin', 'localhost:3000'], 'localhost:3000'],
    [['start'], 'start'],
  ] as const) {
    const process = run(...args)
    t.strictSame(await process.ended, [2, null], args.join(' '))
    t.match(process.err(), message)
    t.equal(process.out(), '')
  }
})

t.test('a port in use ends with status 1', async (t) => {
  const first = run('--port', '0')
  const port = new URL(/listens on (\S+)/.exec(await listening(first))?.[1] ?? '').port
  const second = run('--port', port)
  t.strictSame(await second.ended, [1, null])
  t.match(second.err(), 'EADDRINUSE')
  first.child.kill('SIGTERM')
  await first.ended
})
