// How much memory the replay store keeps for each accepted login. Needs --expose-gc.
import { createHash, randomUUID } from 'node:crypto'
import { memoryReplayStore } from '@corbado-connect/core'
import { serveBenchmark } from '../child.mjs'

const logins = 90_000

const used = () => {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const keyOf = (index) => createHash('sha256').update(`token ${index}`).digest('base64url')
// Compiled code and the like are not counted as logins.
const warmUp = memoryReplayStore()
for (let index = 0; index < 1000; index += 1) await accept(warmUp, index)

const before = used()
const store = memoryReplayStore()
for (let index = 0; index < logins; index += 1) await accept(store, index)
const bytesPerLogin = (used() - before) / logins

async function accept(replayStore, index) {
  const [key, owner] = [keyOf(index), randomUUID()]
  if (!(await replayStore.reserve(key, owner, 480_000))) throw new Error('A new token was refused')
  if (!(await replayStore.markUsed(key, owner))) throw new Error('A reserved token could not be marked as used')
}

// A store that is full of live entries refuses a known token, so it was not collected.
if (await store.reserve(keyOf(0), randomUUID(), 1000)) throw new Error('A used token was accepted again')
serveBenchmark({ bytesPerLogin })
