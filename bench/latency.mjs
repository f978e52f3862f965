// How long clients wait when the upstream takes 20 ms, at 64 connections. Each program runs by itself.
import { setTimeout as sleep } from 'node:timers/promises'
import { signIn, startLoad, startProgram, startUpstream, tlsAvailable } from './environment.mjs'
import { round } from './numbers.mjs'

const upstreamDelayMs = 20
const connections = 64
export const latencyPrograms = ['raw', 'fastify', 'express']

/** @returns {Promise<{ p50: number, p99: number }>} milliseconds */
export async function measureLatency(name, kind, { warmUp, window }) {
  const children = []
  try {
    const { upstream, env } = await startUpstream({ delayMs: upstreamDelayMs, tls: tlsAvailable() })
    children.push(upstream)
    const { program, port } = await startProgram(name, { env })
    children.push(program)
    const load = await startLoad()
    children.push(load)
    await load.ask('start', { port, kind, headers: await signIn(port, 'trivial'), status: 200, connections })
    await sleep(warmUp.ms)
    await load.ask('forgetLatencies')
    await sleep(window.ms)
    const { failure, p50, p99 } = await load.ask('stop')
    if (failure !== undefined) throw new Error(failure)
    return { p50: round(p50, 1), p99: round(p99, 1) }
  } finally {
    await Promise.all(children.map((child) => child.stop()))
  }
}
