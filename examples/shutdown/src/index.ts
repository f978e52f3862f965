import type { Server } from 'node:http'

/** How long a request may take to finish after the signal, in ms. A call to Corbado takes at most 5 seconds. */
const graceMs = 10_000

/**
 * Closes the app on SIGTERM or SIGINT. Requests in progress can finish; then the process ends by itself.
 *
 * @param server the HTTP server
 * @param close closes the app, and with it the server
 */
export function closeOnSignal(server: Server, close: () => Promise<unknown>): void {
  let closing = false

  async function shutDown(): Promise<void> {
    // Process managers repeat signals. A second one must not cut off a login in progress.
    if (closing) return
    closing = true
    // A proxy keeps its connections open. Close each one as soon as it is between two requests.
    const closeIdle = setInterval(() => server.closeIdleConnections(), 100)
    // Some clients never send the rest of their request.
    const closeAll = setTimeout(() => server.closeAllConnections(), graceMs)
    try {
      await close()
    } finally {
      clearInterval(closeIdle)
      clearTimeout(closeAll)
    }
  }

  process.on('SIGTERM', shutDown)
  process.on('SIGINT', shutDown)
}
