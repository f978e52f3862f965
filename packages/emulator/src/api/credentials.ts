import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { ApiError } from '../wire/error-envelope.js'
import { type Permission, type RouteName, routes } from '../wire/operations.js'

export interface Credentials {
  projectId: string
  apiSecret: string
  apiKey: string
}

/** An API key can be limited to some permissions. The API secret may do everything. */
export function checkPermission(
  headers: IncomingHttpHeaders,
  route: RouteName | null,
  { apiKeyPermissions }: { apiKeyPermissions: readonly Permission[] },
): void {
  const needed = route === null ? undefined : routes[route].permission
  const isKey = headers.authorization?.toLowerCase().startsWith('bearer ') === true
  if (!isKey || needed === undefined || apiKeyPermissions.includes(needed)) return
  throw new ApiError(403, 'login_error', `The API key lacks the permission ${needed}.`)
}

/**
 * Corbado's two ways in: `Authorization: Basic base64(projectID:apiSecret)` and `Authorization: Bearer apiKey`.
 * See https://docs.corbado.com/api-reference/backend-api
 */
export function checkCredentials(headers: IncomingHttpHeaders, expected: Credentials): void {
  const [scheme = '', credential = '', ...rest] = (headers.authorization ?? '').split(' ')
  const accepted =
    rest.length === 0 &&
    ((scheme.toLowerCase() === 'basic' && isBasic(credential, expected)) ||
      (scheme.toLowerCase() === 'bearer' && equals(credential, expected.apiKey)))
  if (!accepted) throw new ApiError(401, 'login_error', 'The credentials are missing or wrong.')
  checkProject(headers, expected.projectId)
}

/** The header is optional. Where it is sent, it must name this project. */
export function checkProject(headers: IncomingHttpHeaders, projectId: string): void {
  const sent = headers['x-corbado-projectid']
  if (sent !== undefined && sent !== projectId) {
    throw new ApiError(401, 'login_error', 'The header X-Corbado-ProjectID names another project.')
  }
}

function isBasic(credential: string, { projectId, apiSecret }: Credentials): boolean {
  return equals(credential, Buffer.from(`${projectId}:${apiSecret}`).toString('base64'))
}

/** Compares digests, so that the time taken tells nothing about the secret. */
function equals(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
