/** The operations of Corbado's Backend API and Frontend API that the emulator answers; the name a fault or a request filter takes. */
export type RouteName =
  | 'connectTokens.create'
  | 'connectTokens.list'
  | 'connectTokens.update'
  | 'connectTokens.delete'
  | 'passkeys.verifySignedData'
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

interface Route {
  method: Method
  paths: readonly string[]
}

/** Every path of Corbado's APIs begins with this. */
export const backendPrefix = '/v2/'

/** Every path of Corbado's Frontend API begins with this. */
export const frontendPrefix = '/v2/connect/'

const frontend = (path: string): Route => ({ method: 'POST', paths: [frontendPrefix + path] })

/** Where each operation lives. Two spellings of one path are in Corbado's documents, so both are served. */
export const routes: Readonly<Record<RouteName, Route>> = {
  'connectTokens.create': { method: 'POST', paths: ['/v2/connectTokens'] },
  'connectTokens.list': { method: 'GET', paths: ['/v2/connectTokens'] },
  'connectTokens.update': { method: 'PATCH', paths: ['/v2/connectTokens/:id'] },
  'connectTokens.delete': { method: 'DELETE', paths: ['/v2/connectTokens/:id'] },
  'passkeys.verifySignedData': {
    method: 'POST',
    paths: ['/v2/passkey/verifySignedData', '/v2/passkeys/verifySignedData'],
  },
  'login.init': frontend('login/init'),
  'login.start': frontend('login/start'),
  'login.finish': frontend('login/finish'),
  'append.init': frontend('append/init'),
  'append.start': frontend('append/start'),
  'append.finish': frontend('append/finish'),
  'manage.init': frontend('manage/init'),
  'manage.list': frontend('manage/list'),
  'manage.delete': frontend('manage/delete'),
  'events.create': frontend('events'),
  'process.clear': frontend('process/clear'),
}

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
  const matches = (pattern: string): boolean => new RegExp(`^${pattern.replace(/:[a-z]+/g, '[^/]+')}$`).test(path)
  return Object.values(routes)
    .filter(({ paths }) => paths.some(matches))
    .map(({ method }) => method)
}
