// The child's end of the IPC channel, see children.mjs.

/**
 * Says that this process is ready, and answers questions until the benchmark ends.
 *
 * @param {unknown} greeting
 * @param {Record<string, (details: any) => unknown>} answers
 */
export function serveBenchmark(greeting, answers = {}) {
  process.on('message', async ({ question, ...details }) => process.send(await answers[question](details)))
  process.once('disconnect', () => process.exit())
  process.send(greeting)
}
