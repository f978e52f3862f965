import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EnvelopeContext, errorEnvelope } from '../wire/error-envelope.js'
import type { Fault, Garbage, StatusAnswer } from './faults.js'

/** The answer that a request would have got. */
export interface TrueAnswer {
  status: number
  headers: Record<string, number | string | string[]>
  body: string
}

export interface Disturbed {
  response: ServerResponse
  socket: Socket
  /** The headers that were set already. Without those of CORS a browser would see a network error instead of a status. */
  headers: TrueAnswer['headers']
  context: EnvelopeContext
  answered(status: number): void
}

/** True if the request must not be processed at all. */
export const strikesBefore = (fault: Fault): boolean =>
  'when' in fault ? fault.when !== 'after' : ['status', 'reset', 'close', 'hang', 'garbage'].includes(fault.kind)

/** True if there is something to do when the true answer is ready. */
export const strikesAfter = (fault: Fault): boolean => !strikesBefore(fault) && fault.kind !== 'latency'

export async function waitLatency(fault: Fault): Promise<void> {
  // After close() the process must not wait for it.
  if (fault.latencyMs) await sleep(fault.latencyMs, undefined, { ref: false })
}

/** Does what the fault says on the connection. The caller must not touch the response any more. */
export function strike(fault: Fault, disturbed: Disturbed, answer?: TrueAnswer): void {
  const { response, socket, answered } = disturbed
  // The client has gone while the latency lasted: nothing would ever end what is begun now.
  if (socket.destroyed) return
  switch (fault.kind) {
    case 'status':
      answered(fault.status)
      sendStatus(fault, disturbed)
      break
    case 'reset':
      socket.resetAndDestroy()
      break
    case 'close':
      socket.end()
      break
    case 'garbage':
      sendGarbage(fault, socket)
      break
    case 'truncate':
      sendHalf(response, socket, answer)
      break
    case 'drip':
      if (answer !== undefined) answered(answer.status)
      sendSlowly(fault.everyMs, response, answer)
      break
    case 'hang':
    case 'latency':
      break
  }
}

const typeByStatus: Readonly<Record<number, string>> = {
  400: 'validation_error',
  401: 'login_error',
  403: 'login_error',
  404: 'not_found',
  405: 'method_not_allowed',
  429: 'rate_limited',
}

function sendStatus(
  { status, errorType, headers = {}, body }: StatusAnswer,
  { response, headers: alreadySet, context }: Disturbed,
): void {
  const type = errorType ?? typeByStatus[status] ?? 'internal_error'
  const content =
    body === undefined ? errorEnvelope({ status, type, details: 'A fault of the emulator.' }, context) : body
  const raw = typeof content === 'string' || content instanceof Uint8Array
  response.writeHead(status, {
    ...without(alreadySet, 'content-length'),
    'content-type': raw ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8',
    ...mutableValues(headers),
  })
  response.end(raw ? content : JSON.stringify(content))
}

function sendGarbage(
  { bytes = '\u0000\u0001 this is not HTTP \u0002\r\n\r\n', repeat, ending = 'close' }: Garbage,
  socket: Socket,
): void {
  socket.write(bytes)
  if (repeat !== undefined) {
    const timer = setInterval(() => socket.write(repeat.bytes), repeat.everyMs)
    socket.once('close', () => clearInterval(timer))
    return
  }
  if (ending === 'close') socket.end()
  // A reset would overtake the bytes: it may only follow once they have left.
  if (ending === 'reset') socket.write('', () => setTimeout(() => socket.resetAndDestroy(), 20))
}

function sendHalf(response: ServerResponse, socket: Socket, answer: TrueAnswer | undefined): void {
  if (answer === undefined) return
  const bytes = Buffer.from(answer.body)
  response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length })
  response.write(bytes.subarray(0, bytes.length >> 1), () => socket.end())
}

function sendSlowly(everyMs: number, response: ServerResponse, answer: TrueAnswer | undefined): void {
  if (answer === undefined) return
  const bytes = Buffer.from(answer.body)
  response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length })
  let sent = 0
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, ++sent))
    if (sent >= bytes.length) response.end()
  }, everyMs)
  response.once('close', () => clearInterval(timer))
  response.once('finish', () => clearInterval(timer))
}

function without(headers: TrueAnswer['headers'], name: string): TrueAnswer['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name))
}

function mutableValues(
  headers: Readonly<Record<string, string | readonly string[]>>,
): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : [...value],
    ]),
  )
}
