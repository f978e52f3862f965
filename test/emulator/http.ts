import { type Agent, request as httpRequest, type OutgoingHttpHeaders } from 'node:http'
import type { Emulator } from '@corbado-connect/emulator'

/** What came back; `error` is set when no complete HTTP answer came. */
export type Answer = { status: number; headers: Headers; json: Json; text: string; error: string | undefined }

export type Json = Record<string, unknown>

export const basic = (user: string, password?: string): string =>
  `Basic ${Buffer.from(password === undefined ? user : `${user}:${password}`).toString('base64')}`

/** Requests written by hand from Corbado's contract: nothing of the project's own client is in them. */
export function caller(emulator: Emulator, headers: Record<string, string> = {}, timeoutMs = 20_000) {
  const authorization = basic(emulator.projectId, emulator.apiSecret)
  return async (method: string, path: string, body?: unknown, more: Record<string, string> = {}): Promise<Answer> => {
    const isText = typeof body === 'string'
    try {
      const response = await fetch(emulator.url + path, {
        method,
        headers: {
          authorization,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
          ...more,
        },
        ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(timeoutMs),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, json: parse(text), text, error: undefined }
    } catch (error) {
      return { status: 0, headers: new Headers(), json: {}, text: '', error: codeOf(error) }
    }
  }
}

/** fetch() sets some headers itself and chooses its connections; this sends exactly the headers given. */
export function rawRequest(
  url: string,
  method: string,
  headers: OutgoingHttpHeaders,
  body = '',
  agent: Agent | false = false,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const answered = new Headers()
        for (const [name, value] of Object.entries(response.headers)) answered.set(name, String(value))
        resolve({ status: response.statusCode ?? 0, headers: answered, json: parse(text), text, error: undefined })
      })
    })
    request.on('error', reject)
    request.end(body)
  })
}

export function textOf(json: Json, name: string): string {
  const value = json[name]
  if (typeof value !== 'string') throw new Error(`${name} is not a string in ${JSON.stringify(json)}`)
  return value
}

export function objectOf(json: Json, name: string): Json {
  const value = json[name]
  if (!isObject(value)) throw new Error(`${name} is not an object in ${JSON.stringify(json)}`)
  return value
}

export function parse(text: string): Json {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : {}
  } catch {
    return {}
  }
}

/** The parts of a compact JWT, read without a check. */
export function decode(token: string): { header: Json; claims: Json } {
  const [header = '', claims = ''] = token.split('.')
  const read = (part: string): Json => parse(Buffer.from(part, 'base64url').toString())
  return { header: read(header), claims: read(claims) }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code
  return cause instanceof Error ? cause.name : String(cause)
}
