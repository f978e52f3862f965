/** The operations of Corbado's Backend API and Frontend API that the emulator answers; the name a fault or a request filter takes. */
export type RouteName =
  | 'connectTokens.create'
  | 'connectTokens.list'
  | 'connectTokens.update'
  | 'connectTokens.delete'
  | 'passkeys.verifySignedData'
  | `users.${'list' | 'get' | 'create' | 'delete'}`
  | `credentials.${'list' | 'delete'}`
  | `identifiers.${'list' | 'create' | 'update' | 'delete'}`
  | 'login.init'
  | 'login.start'
  | 'login.finish'
  | 'append.init'
  | 'append.start'
  | 'append.finish'
  | 'manage.init'
  | 'manage.list'
  | 'manage.delete'
  | 'events.create'
  | 'process.clear'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

export const permissions = [
  'connect_tokens:read',
  'connect_tokens:write',
  'passkeys:verify',
  'users:read',
  'users:write',
  'credentials:read',
  'credentials:write',
  'identifiers:read',
  'identifiers:write',
] as const

/** What an API key of Corbado's can be allowed to do. */
export type Permission = (typeof permissions)[number]

interface Route {
  method: Method
  paths: readonly string[]
  /** What an API key needs for an operation of the Backend API. */
  permission?: Permission
  /** What is missing, if the emulator answers only a part of the operation. */
  partly?: string
}

/** Every path of Corbado's APIs begins with this. */
export const backendPrefix = '/v2/'

/** Every path of Corbado's Frontend API begins with this. */
export const frontendPrefix = '/v2/connect/'

const backend = (method: Method, path: string, permission: Permission): Route => ({
  method,
  paths: [path],
  permission,
})

const frontend = (path: string, partly?: string): Route => ({
  method: 'POST',
  paths: [frontendPrefix + path],
  ...(partly !== undefined && { partly }),
})

/** Where each operation lives. Two spellings of one path are in Corbado's documents, so both are served. */
export const routes: Readonly<Record<RouteName, Route>> = {
  'connectTokens.create': backend('POST', '/v2/connectTokens', 'connect_tokens:write'),
  'connectTokens.list': backend('GET', '/v2/connectTokens', 'connect_tokens:read'),
  'connectTokens.update': backend('PATCH', '/v2/connectTokens/:id', 'connect_tokens:write'),
  'connectTokens.delete': backend('DELETE', '/v2/connectTokens/:id', 'connect_tokens:write'),
  'passkeys.verifySignedData': {
    method: 'POST',
    paths: ['/v2/passkey/verifySignedData', '/v2/passkeys/verifySignedData'],
    permission: 'passkeys:verify',
  },
  'users.list': { ...backend('GET', '/v2/users', 'users:read'), partly: '`socialAccounts` is always empty' },
  'users.get': backend('GET', '/v2/users/:userID', 'users:read'),
  'users.create': backend('POST', '/v2/users', 'users:write'),
  'users.delete': backend('DELETE', '/v2/users/:userID', 'users:write'),
  'credentials.list': backend('GET', '/v2/users/:userID/credentials', 'credentials:read'),
  'credentials.delete': backend('DELETE', '/v2/users/:userID/credentials/:id', 'credentials:write'),
  'identifiers.list': backend('GET', '/v2/identifiers', 'identifiers:read'),
  'identifiers.create': backend('POST', '/v2/users/:userID/identifiers', 'identifiers:write'),
  'identifiers.update': backend('PATCH', '/v2/users/:userID/identifiers/:id', 'identifiers:write'),
  'identifiers.delete': backend('DELETE', '/v2/users/:userID/identifiers/:id', 'identifiers:write'),
  'login.init': frontend('login/init', 'a login is always allowed; no invitations'),
  'login.start': frontend('login/start', 'no cross-device logins'),
  'login.finish': frontend('login/finish'),
  'append.init': frontend('append/init', 'a passkey is always allowed; no invitations'),
  'append.start': frontend('append/start', 'no automatic creation; `situation` is ignored'),
  'append.finish': frontend('append/finish'),
  'manage.init': frontend('manage/init', 'always allowed'),
  'manage.list': frontend('manage/list', '`mode` is ignored'),
  'manage.delete': frontend('manage/delete'),
  'events.create': frontend('events', 'events are checked and dropped'),
  'process.clear': frontend('process/clear'),
}

/** The other operations of the Backend API in Corbado's documents, for SUPPORTED.md and for a helpful 501. */
export const notImplemented: readonly { method: Method | 'PUT'; path: string }[] = [
  { method: 'PATCH', path: '/v2/users/:userID' },
  { method: 'GET', path: '/v2/users/:userID/socialAccounts' },
  { method: 'POST', path: '/v2/users/:userID/socialAccounts' },
  { method: 'GET', path: '/v2/socialAccounts' },
  { method: 'GET', path: '/v2/users/:userID/passkeyEvents' },
  { method: 'POST', path: '/v2/users/:userID/passkeyEvents' },
  { method: 'DELETE', path: '/v2/users/:userID/passkeyEvents/:id' },
  { method: 'GET', path: '/v2/users/:userID/passkeyChallenges' },
  { method: 'PATCH', path: '/v2/users/:userID/passkeyChallenges/:id' },
  { method: 'POST', path: '/v2/users/:userID/authEvents' },
  { method: 'POST', path: '/v2/users/:userID/challenges' },
  { method: 'PATCH', path: '/v2/users/:userID/challenges/:id' },
  { method: 'POST', path: '/v2/users/:userID/longSessions' },
  { method: 'GET', path: '/v2/users/:userID/longSessions/:id' },
  { method: 'PATCH', path: '/v2/users/:userID/longSessions/:id' },
  { method: 'POST', path: '/v2/users/:userID/longSessions/:id/shortSessions' },
  { method: 'GET', path: '/v2/longSessions/:id' },
  { method: 'POST', path: '/v2/passkey/append/start' },
  { method: 'POST', path: '/v2/passkey/append/finish' },
  { method: 'POST', path: '/v2/passkey/login/start' },
  { method: 'POST', path: '/v2/passkey/login/finish' },
  { method: 'POST', path: '/v2/passkey/mediation/start' },
  { method: 'POST', path: '/v2/passkey/mediation/finish' },
  { method: 'GET', path: '/v2/connect/identifierWhitelists' },
  { method: 'POST', path: '/v2/connect/identifierWhitelists' },
  { method: 'PUT', path: '/v2/connect/identifierWhitelists/:id' },
  { method: 'PUT', path: '/v2/projectConfig/cname' },
]

export const isRouteName = (value: string): value is RouteName => Object.hasOwn(routes, value)

const byPath: ReadonlyMap<string, RouteName> = new Map(
  Object.entries(routes).flatMap(([name, { method, paths }]) =>
    isRouteName(name) ? paths.map((path) => [`${method} ${path}`, name] as const) : [],
  ),
)

/** The operation behind a registered route, or null for the emulator's own pages and for unknown paths. */
export const routeNameOf = (method: string, pattern: string | undefined): RouteName | null =>
  byPath.get(`${method} ${pattern}`) ?? null

/** The methods that a path answers, empty for a path that nobody answers. */
export function methodsOf(path: string): Method[] {
  return Object.values(routes)
    .filter(({ paths }) => paths.some((pattern) => matches(pattern, path)))
    .map(({ method }) => method)
}

/** Whether Corbado's documents name an operation that the emulator does not implement. */
export const isNotImplemented = (method: string, path: string): boolean =>
  notImplemented.some((operation) => operation.method === method && matches(operation.path, path))

const matches = (pattern: string, path: string): boolean =>
  new RegExp(`^${pattern.replace(/:[A-Za-z]+/g, '[^/]+')}$`).test(path)
