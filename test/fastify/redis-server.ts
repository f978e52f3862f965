import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { Redis } from 'ioredis'
import type { Test } from 'tap'

/** Why a test with a real Redis cannot run here, or false. */
export const noRedis =
  spawnSync('redis-server', ['--version']).error === undefined ? false : 'redis-server is not installed'

/** A real Redis of this test alone, that can be stopped and started again on the same port. */
export interface RedisServer {
  readonly port: number
  /** A client with the settings that the README names. */
  connect(): Promise<Redis>
  start(): Promise<void>
  stop(): Promise<void>
}

export async function startRedis(t: Test): Promise<RedisServer> {
  const port = await freePort()
  let running: ChildProcess | undefined
  const clients: Redis[] = []

  const server: RedisServer = {
    port,
    async start() {
      const child = spawn('redis-server', [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--daemonize',
        'no',
      ])
      running = child
      for await (const line of createInterface(child.stdout)) {
        if (line.includes('Ready to accept connections')) break
      }
      child.stdout.resume()
    },
    async stop() {
      const child = running
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
    async connect() {
      const redis = new Redis({
        host: '127.0.0.1',
        port,
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        commandTimeout: 250,
        retryStrategy: () => 20,
      })
      clients.push(redis)
      // A lost connection is what some of these tests are about.
      redis.on('error', () => {})
      await once(redis, 'ready')
      return redis
    },
  }
  t.teardown(async () => {
    for (const redis of clients) redis.disconnect()
    await server.stop()
  })
  await server.start()
  return server
}

/** Resolves when a client that lost its connection has one again. */
export async function reconnected(redis: Redis): Promise<void> {
  if (redis.status !== 'ready') await once(redis, 'ready')
}

async function freePort(): Promise<number> {
  const probe = createServer()
  probe.listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No free port')
  return address.port
}
