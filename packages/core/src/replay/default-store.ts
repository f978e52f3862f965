import { assertFunction } from '../option-checks.js'
import { memoryReplayStore } from './memory.js'
import type { ReplayStore } from './store.js'

/** The replay store in use, and whether it is ours to close. */
export interface ResolvedReplayStore {
  readonly replayStore: ReplayStore
  readonly ownsReplayStore: boolean
}

/** @param owner whose option it is, for messages @throws TypeError that names the option */
export function resolveReplayStore(owner: string, option: ReplayStore | undefined): ResolvedReplayStore {
  if (option === undefined) {
    if (process.env.NODE_ENV === 'production') warnOfDefaultStore()
    return { replayStore: memoryReplayStore(), ownsReplayStore: true }
  }
  for (const method of ['reserve', 'markUsed', 'release'])
    assertFunction(`${owner}.replayStore.${method}`, Reflect.get(Object(option), method))
  return { replayStore: option, ownsReplayStore: false }
}

let warned = false
function warnOfDefaultStore(): void {
  if (warned) return
  warned = true
  process.emitWarning(
    'replayStore: the default keeps used logins in this process; several instances need redisReplayStore',
    {
      type: 'CorbadoConnectWarning',
      code: 'CORBADO_MEMORY_REPLAY_STORE',
    },
  )
}
