import type { Server } from 'node:http'

const checkMs = 100

/**
 * Closes connections as they become idle, until a closing server is closed. Node closes idle connections once: one that
 * becomes idle later would keep the process alive for the whole keep-alive timeout.
 *
 * @param server one of HTTP/2, or of a custom factory, may not have the method
 */
export function closeIdleConnections(server: Pick<Server, 'listening' | 'once'> & Partial<Server>): void {
  if (!server.listening || server.closeIdleConnections === undefined) return
  const timer = setInterval(() => server.closeIdleConnections?.(), checkMs)
  server.once('close', () => clearInterval(timer))
}
