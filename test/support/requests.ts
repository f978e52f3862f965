import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import { connect } from 'node:net'

/** A request as it is to be on the wire. */
export interface Sent {
  /** Default POST. */
  readonly method?: string
  /** Written as it stands. */
  readonly path: string
  /** A header with several values is sent several times. */
  readonly headers?: OutgoingHttpHeaders
  /** Text and bytes as they are, anything else as JSON. */
  readonly body?: unknown
  /** Default `application/json` where there is a body; null sends none. */
  readonly contentType?: null
  /** Without a length in advance. */
  readonly chunked?: boolean
  /** Default 127.0.0.1. */
  readonly host?: string
}

/** What came back. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly text: string
  /** The parsed body, or undefined where it is no JSON. */
  readonly json: unknown
}

/** What a page of the application's own origin sends. */
export const browser = { 'sec-fetch-site': 'same-origin' }

export const connectTokenPath = '/auth/createConnectToken'
export const verifyPath = '/auth/verifySignedPasskeyData'

/** Sends one request on a connection of its own, as a page of the same origin unless `headers` are given. */
export function send({ port }: { port: number }, sent: Sent): Promise<Answer> {
  const { method = 'POST', path, headers = browser, body, contentType, chunked = false, host = '127.0.0.1' } = sent
  const bytes = body === undefined ? undefined : bytesOf(body)
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host,
        port,
        method,
        path,
        agent: false,
        headers: {
          ...(bytes === undefined || contentType === null ? {} : { 'content-type': 'application/json' }),
          ...(bytes === undefined || chunked ? {} : { 'content-length': bytes.length }),
          ...headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const answered = Object.entries(response.headers).filter(([, value]) => value !== undefined)
          const entries = answered.map(([name, value]) => [name, value ?? ''] as const)
          const { statusCode = 0 } = response
          resolve({ status: statusCode, headers: Object.fromEntries(entries), text, json: parsed(text) })
          // An answer that came before the body was read leaves the rest of it unsent.
          request.destroy()
        })
      },
    )
    request.on('error', reject)
    request.setTimeout(10_000, () => request.destroy(new Error(`No answer to ${method} ${path}`)))
    if (chunked) request.write(bytes?.subarray(0, 1))
    request.end(chunked ? bytes?.subarray(1) : bytes)
  })
}

/** Asks for a connect token as the user of the header session. */
export function askForToken(
  app: { port: number },
  user: string | null,
  body: unknown = { type: 'passkey-list' },
): Promise<Answer> {
  const headers = user === null ? browser : { ...browser, 'x-test-user': user }
  return send(app, { path: connectTokenPath, headers, body })
}

/** Submits a passkey login. */
export function logIn(
  app: { port: number },
  signedPasskeyData: unknown,
  headers: OutgoingHttpHeaders = browser,
): Promise<Answer> {
  return send(app, { path: verifyPath, headers, body: { signedPasskeyData } })
}

/** A connection on which bytes are written as they are. */
export function openSocket(port: number): {
  write(text: string): void
  /** Everything that came until the other side closed. */
  readonly closed: Promise<string>
  /** Resolves once this text has come. */
  received(text: string): Promise<void>
  destroy(): void
} {
  const socket = connect({ host: '127.0.0.1', port })
  let all = ''
  let onData = () => {}
  socket.on('data', (chunk: Buffer) => {
    all += chunk.toString('latin1')
    onData()
  })
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => resolve(all))
    socket.once('error', () => resolve(all))
  })
  return {
    write: (text) => void socket.write(text, 'latin1'),
    closed,
    received: (text) =>
      new Promise<void>((resolve, reject) => {
        onData = () => {
          if (all.includes(text)) resolve()
        }
        onData()
        void closed.then(() => reject(new Error(`Closed before "${text}" came: ${all}`)))
      }),
    destroy: () => void socket.destroy(),
  }
}

/** The `Set-Cookie` headers. */
export function setCookies({ headers }: Answer): readonly string[] {
  const value = headers['set-cookie']
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

/** What a browser would send back. */
export function cookieHeader(answer: Answer): string {
  return setCookies(answer)
    .map((cookie) => cookie.split(';', 1)[0] ?? '')
    .join('; ')
}

/** A text member of a JSON body. */
export function member(answer: Answer, name: string): string {
  const value = typeof answer.json === 'object' && answer.json !== null ? Reflect.get(answer.json, name) : undefined
  if (typeof value !== 'string') throw new Error(`No text ${name} in ${answer.status} ${answer.text}`)
  return value
}

function bytesOf(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body)
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
