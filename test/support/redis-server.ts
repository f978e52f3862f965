import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.js'

/** A redis-server of the test's own, on a free port, that keeps nothing on disk. */
export type RedisServer = {
  readonly port: number
  start(): Promise<void>
  /** Ends it at once, as a crash would. */
  stop(): Promise<void>
  /** Stops it without closing anything, as a machine that hangs would. */
  pause(): void
  resume(): void
  /** Ends it and removes its folder. */
  remove(): Promise<void>
}

/** Whether there is a redis-server to start, of a version that knows what the store needs. */
export function redisIsInstalled(): boolean {
  const version = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  return version.error === undefined && Number(/v=(\d+)/.exec(version.stdout)?.[1]) >= 7
}

export async function createRedisServer(extraSettings: readonly string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'corbado-connect-redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined
  const stop = async (): Promise<void> => {
    if (child === undefined) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    child = undefined
    await ended
  }
  return {
    port,
    async start() {
      const settings = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        folder,
        ...extraSettings,
      ]
      const started = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'inherit'] })
      child = started
      let log = ''
      await new Promise<void>((resolve, reject) => {
        started.once('exit', () => reject(new Error(`redis-server did not start: ${log}`)))
        started.stdout.on('data', (bytes: Buffer) => {
          log += bytes
          if (log.includes('Ready to accept connections')) resolve()
        })
      })
    },
    stop,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async remove() {
      await stop()
      await rm(folder, { recursive: true })
    },
  }
}
