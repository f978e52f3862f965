import { EventEmitter, once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/** One complete request, as it came over the wire. */
export type ReceivedRequest = {
  method: string
  path: string
  /** By lower-case name. */
  headers: Record<string, string>
  body: string
  /** Which connection it came on, from 1. */
  connection: number
  /** When it was complete, in the milliseconds of `performance.now()`. */
  at: number
}

/** What the server does with a complete request. */
export type Reply = (socket: Socket, request: ReceivedRequest) => void

export type FaultServerOptions = {
  /** What happens on a new connection, before anything was read. */
  onConnection?: (socket: Socket) => void
  /** A server that cannot even read HTTP: called with raw bytes instead. */
  onBytes?: (socket: Socket, bytes: Buffer) => void
  tls?: { key: string; cert: string }
}

/** An upstream that misbehaves by script, on plain sockets: no HTTP library mends what it sends. */
export type FaultServer = {
  /** `http://127.0.0.1:<port>`, or https with TLS or on demand: see `httpsOrigin`. */
  readonly origin: string
  readonly httpsOrigin: string
  readonly port: number
  readonly requests: ReceivedRequest[]
  /** How many connections were accepted, of TLS ones also those without a finished handshake. */
  readonly connections: () => number
  /** Application bytes that arrived, complete requests or not. */
  readonly bytesReceived: () => number
  /** Resolves when this many complete requests have arrived. */
  arrived(count: number): Promise<void>
  /** Resolves when this many connections have ended. */
  ended(count: number): Promise<void>
  close(): Promise<void>
}

export async function startFaultServer(reply: Reply, options: FaultServerOptions = {}): Promise<FaultServer> {
  const events = new EventEmitter()
  const requests: ReceivedRequest[] = []
  const sockets = new Set<Socket>()
  const seen = { connections: 0, bytes: 0, ended: 0 }

  const serve = (socket: Socket): void => {
    const connection = seen.connections
    let buffer: Buffer = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      seen.bytes += bytes.length
      if (options.onBytes !== undefined) return options.onBytes(socket, bytes)
      buffer = Buffer.concat([buffer, bytes])
      for (let parsed = takeRequest(buffer); parsed !== undefined; parsed = takeRequest(buffer)) {
        buffer = parsed.rest
        const request = { ...parsed.request, connection, at: performance.now() }
        requests.push(request)
        reply(socket, request)
        events.emit('request')
      }
    })
    options.onConnection?.(socket)
  }
  const track = (socket: Socket): void => {
    seen.connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      seen.ended += 1
      events.emit('ended')
    })
  }
  const server: Server = options.tls === undefined ? createServer() : createTlsServer(options.tls)
  server.on('connection', track)
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', serve)
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No TCP port')
  const { port } = address
  const httpsOrigin = `https://127.0.0.1:${port}`

  return {
    origin: options.tls === undefined ? `http://127.0.0.1:${port}` : httpsOrigin,
    httpsOrigin,
    port,
    requests,
    connections: () => seen.connections,
    bytesReceived: () => seen.bytes,
    async arrived(count) {
      while (requests.length < count) await once(events, 'request')
    },
    async ended(count) {
      while (seen.ended < count) await once(events, 'ended')
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** A complete HTTP answer of a status, headers and body. Extra headers may be any text, also a wrong one. */
export function answer(status: number, body: unknown = {}, headers: readonly string[] = []): Reply {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body instanceof Buffer ? body : Buffer.from(json(body))
  return (socket) => {
    const lines = [`HTTP/1.1 ${status} Status`, `Content-Length: ${bytes.length}`, ...headers]
    socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]))
  }
}

/** The verdict of an accepted login, or another one. */
export const verdict = (verificationResult: unknown = 'success'): Reply => answer(200, { verificationResult })

/** Corbado's answer to a created connect token of the type that was asked for. */
export const connectToken: Reply = (socket, request) => {
  const { type, data }: { type: string; data: object } = JSON.parse(request.body)
  const token = { id: 'ctk-1', tokenType: type, data, connectTokenStatus: 'initial', secret: 'ctk1_secret' }
  answer(200, { ...token, expires: 1_752_749_184 })(socket, request)
}

/** Both calls answered as Corbado would. */
export const wellBehaved: Reply = (socket, request) =>
  (request.path === '/v2/connectTokens' ? connectToken : verdict())(socket, request)

/** Writes these bytes as they are, and nothing after them. */
export const raw =
  (text: string): Reply =>
  (socket) => {
    socket.write(text)
  }

/** Writes these bytes and ends the connection in good order. */
export const rawThenFin =
  (text: string): Reply =>
  (socket) => {
    socket.end(text)
  }

/** Writes these bytes and cuts the connection once they are out. */
export const rawThenReset =
  (text: string): Reply =>
  (socket) => {
    if (text === '') socket.resetAndDestroy()
    else socket.write(text, () => socket.resetAndDestroy())
  }

/** Never says a word. */
export const silence: Reply = () => {}

/** Writes `first`, then `drop` again and again, as long as the connection lives. */
export const dripping =
  (first: string, drop: string, everyMs: number): Reply =>
  (socket) => {
    socket.write(first)
    const timer = setInterval(() => socket.write(drop), everyMs)
    socket.on('close', () => clearInterval(timer))
  }

/** One reply per request, in this order; the last one goes on. */
export function inOrder(...replies: readonly Reply[]): Reply {
  let count = 0
  return (socket, request) => {
    const reply = replies[Math.min(count, replies.length - 1)]
    count += 1
    reply?.(socket, request)
  }
}

function json(value: unknown): string {
  return JSON.stringify(value) ?? ''
}

function takeRequest(
  buffer: Buffer,
): { request: Omit<ReceivedRequest, 'connection' | 'at'>; rest: Buffer } | undefined {
  const headEnd = buffer.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [requestLine = '', ...lines] = buffer.toString('latin1', 0, headEnd).split('\r\n')
  const [method = '', path = ''] = requestLine.split(' ')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  const bodyStart = headEnd + 4
  const end = bodyStart + Number(headers['content-length'] ?? 0)
  if (buffer.length < end) return undefined
  return {
    request: { method, path, headers, body: buffer.toString('utf8', bodyStart, end) },
    rest: buffer.subarray(end),
  }
}
