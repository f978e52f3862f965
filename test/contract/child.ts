import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process of its own, with nothing of the test runner in it. */
export interface Child {
  /** Resolves once this text stands on its standard output. */
  printed(text: string): Promise<void>
  /** Everything that it wrote, once it has ended. */
  readonly ended: Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }>
  kill(): void
}

/** Runs a compiled file of this folder. */
export function runChild(file: string, args: readonly string[], env: Record<string, string> = {}): Child {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    env: { PATH: process.env.PATH, NODE_ENV: 'test', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const written = { stdout: '', stderr: '' }
  let onOutput = () => {}
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      written[name] += chunk.toString()
      onOutput()
    })
  }
  const ended = new Promise<Awaited<Child['ended']>>((resolve) => {
    child.once('close', (exitCode) => resolve({ exitCode, ...written }))
  })
  return {
    ended,
    kill: () => void child.kill('SIGKILL'),
    printed: (text) =>
      new Promise((resolve, reject) => {
        onOutput = () => {
          if (written.stdout.includes(text)) resolve()
        }
        onOutput()
        void ended.then(({ stderr }) => reject(new Error(`It ended without "${text}": ${stderr}`)))
      }),
  }
}
