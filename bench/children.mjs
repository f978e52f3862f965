// Child processes of the benchmark: pinned to a core, asked and answered over IPC, and gone when the benchmark is.
import { fork, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

/** Both measured programs share one core; the load generators and the upstream share the other one. */
export const cores = { programs: 0, others: 1 }

/** Whether processes can be pinned. Without it, the ratios still compare the same seconds, but are noisier. */
export const pinned =
  availableParallelism() > 1 &&
  Object.values(cores).every((core) => spawnSync('taskset', ['-c', core, 'true']).status === 0)

/** Keeps this process off the core of the measured programs. */
export function pinSelf() {
  spawnSync('taskset', ['-c', '-p', String(cores.others), String(process.pid)])
}

/** A process of the benchmark: it sends its address when it is ready, and answers one question at a time. */
export class Child {
  #process
  #waiting = []
  #ended

  /**
   * @param {string} file below bench/
   * @param {{ core: number, env?: Record<string, string>, nodeOptions?: string[] }} options
   */
  constructor(file, { core, env = {}, nodeOptions = [] }) {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const node = pinned
      ? { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath, ...nodeOptions] }
      : { execArgv: nodeOptions }
    this.#process = fork(path, { ...node, env: { ...process.env, NODE_ENV: 'production', ...env } })
    this.#process.on('message', (message) => this.#waiting.shift()?.resolve(message))
    this.#ended = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        for (const { reject } of this.#waiting) reject(new Error(`${file} ended with ${code ?? signal}`))
        resolve()
      })
    })
    /** What the child says first: where it listens. */
    this.ready = this.#nextMessage()
  }

  /** Asks the child, and returns its answer. */
  ask(question, details = {}) {
    const answer = this.#nextMessage()
    this.#process.send({ question, ...details })
    return answer
  }

  /** Ends the child. Children also end by themselves when this process does: their IPC channel closes. */
  async stop() {
    if (this.#process.connected) this.#process.disconnect()
    await this.#ended
  }

  #nextMessage() {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }
}
