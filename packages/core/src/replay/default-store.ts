import cluster from 'node:cluster'
import { assertFunction } from '../option-checks.js'
import { warnOnce } from '../warn-once.js'
import { memoryReplayStore } from './memory.js'
import type { ReplayStore } from './store.js'

/** @param owner whose option it is, for messages @throws TypeError that names the option */
export function resolveReplayStore(owner: string, option: ReplayStore | undefined): ReplayStore {
  if (option === undefined) {
    const { NODE_ENV } = process.env
    if (cluster.isWorker || (NODE_ENV !== 'development' && NODE_ENV !== 'test')) warnOfDefaultStore()
    return sharedStore()
  }
  for (const method of ['reserve', 'markUsed', 'release'])
    assertFunction(`${owner}.replayStore.${method}`, Reflect.get(Object(option), method))
  return option
}

let shared: ReplayStore | undefined

/** One store for all registrations in this process: two of one project must not accept the same token. */
function sharedStore(): ReplayStore {
  shared ??= memoryReplayStore()
  return shared
}

function warnOfDefaultStore(): void {
  warnOnce(
    'CORBADO_MEMORY_REPLAY_STORE',
    'replayStore: by default, used logins are remembered in this process only. If you run several instances or workers, use redisReplayStore. If you run one, pass memoryReplayStore() to silence this warning.',
  )
}
