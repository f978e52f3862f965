import type { RedisCommands } from './redis-client.js'

/** Warns once if Redis may drop keys before they expire. */
export class EvictionPolicyCheck {
  readonly #commands: RedisCommands
  readonly #keysAre: string
  #checked = false

  /** @param keysAre what the keys are: `used login tokens`, for the warning */
  constructor(commands: RedisCommands, keysAre: string) {
    this.#commands = commands
    this.#keysAre = keysAre
  }

  checkOnce(): void {
    if (this.#checked) return
    this.#checked = true
    // Not every user may ask for INFO: then nothing is known, and nothing is said.
    this.#check().catch(() => {})
  }

  async #check(): Promise<void> {
    const policy = /^maxmemory_policy:([\w-]+)/m.exec(String(await this.#commands.memoryInfo()))?.[1]
    if (policy === undefined || policy === 'noeviction') return
    process.emitWarning(
      `Redis may drop ${this.#keysAre} before they expire (maxmemory-policy ${policy}), which makes them valid again. Set maxmemory-policy to noeviction.`,
      { type: 'CorbadoConnectWarning', code: 'CORBADO_REDIS_EVICTION' },
    )
  }
}
