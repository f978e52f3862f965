// The child's end of the IPC channel, see children.mjs.

/**
 * Says that this process is ready, and answers questions until the benchmark ends.
 *
 * @param {unknown} greeting
 * @param {Record<string, (details: any) => unknown>} answers
 */
export function serveBenchmark(greeting, answers = {}) {
  // The benchmark may have ended while this process started.
  if (!process.connected) process.exit()
  const send = (message) => process.send(message, undefined, undefined, () => {})
  process.once('disconnect', () => process.exit())
  process.on('message', async ({ question, ...details }) => send(await answers[question](details)))
  send(greeting)
}
