import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Test } from 'tap'

export interface DirectoryUser {
  readonly userID: string
  readonly explicitWebauthnID?: string
  readonly identifiers?: readonly string[]
  credentials: { readonly id: string; readonly [name: string]: unknown }[]
}

/** How the users query of Corbado's published APIs behaves: by WebAuthn identifier, ignored, or refused. */
export type Dialect = 'newer' | 'ignores' | 'refuses'

export interface Directory {
  readonly origin: string
  readonly users: DirectoryUser[]
  /** Method and path of every request, without the query. */
  readonly log: string[]
  /** Answers the next request whose log line starts with this by this status. */
  failNext(line: string, status: number): void
}

/** A Corbado that knows users, their passkeys and identifiers, and nothing else. */
export async function startDirectory(t: Test, dialect: Dialect, users: DirectoryUser[]): Promise<Directory> {
  const log: string[] = []
  const failures = new Map<string, number>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://corbado')
    const line = `${request.method} ${url.pathname}`
    log.push(line)
    request.resume()
    for (const [prefix, status] of failures) {
      if (!line.startsWith(prefix)) continue
      failures.delete(prefix)
      send(response, status, {})
      return
    }
    answer(request, url, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })

  const answer = (request: IncomingMessage, url: URL, response: ServerResponse): unknown => {
    const [, , kind, userId, inner, innerId] = url.pathname.split('/')
    const user = users.find(({ userID }) => userID === userId)
    if (kind === 'identifiers') {
      const value = url.searchParams.get('filter[]')?.replace('identifierValue:eq:', '').toLowerCase()
      const found = users.flatMap(({ userID, identifiers = [] }) =>
        identifiers.map((one) => ({
          identifierID: `ide-${one}`,
          type: 'email',
          value: one,
          status: 'primary',
          userID,
        })),
      )
      // A look-up of Corbado may fold case.
      return send(
        response,
        200,
        list(
          'identifiers',
          found.filter((one) => one.value.toLowerCase() === value),
          url,
        ),
      )
    }
    if (userId === undefined) {
      const wanted = url.searchParams.get('webauthnIDs')
      if (dialect === 'refuses') return send(response, 400, {})
      const found = users.filter(
        (one) => dialect === 'ignores' || one.explicitWebauthnID?.toLowerCase() === wanted?.toLowerCase(),
      )
      return send(response, 200, list('users', found.map(shown), url))
    }
    if (user === undefined) return send(response, 404, { error: { type: 'not_found' } })
    if (inner === undefined) {
      if (request.method === 'DELETE') users.splice(users.indexOf(user), 1)
      return send(response, 200, shown(user))
    }
    if (innerId === undefined) {
      const active = url.searchParams.get('filter[]') === 'status:eq:active'
      const found = user.credentials.filter(({ status }) => !active || status === 'active')
      return send(response, 200, list('credentials', found, url))
    }
    const before = user.credentials.length
    user.credentials = user.credentials.filter(({ id }) => id !== innerId)
    return send(response, user.credentials.length < before ? 200 : 404, { httpStatusCode: 200 })
  }

  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No TCP port')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    users,
    log,
    failNext: (line, status) => void failures.set(line, status),
  }
}

function shown({ userID, explicitWebauthnID }: DirectoryUser): object {
  return { userID, status: 'active', ...(explicitWebauthnID === undefined ? {} : { explicitWebauthnID }) }
}

function list(name: string, items: readonly unknown[], url: URL): object {
  const page = Number(url.searchParams.get('page') ?? 1)
  const pageSize = Number(url.searchParams.get('pageSize') ?? 10)
  const totalPages = Math.ceil(items.length / pageSize)
  const paging = { page, totalPages, totalItems: items.length }
  return { [name]: items.slice((page - 1) * pageSize, page * pageSize), paging }
}

function send(response: ServerResponse, status: number, body: object): unknown {
  return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
