import { optionError, refuseUnknownOptions } from '../option-checks.js'
import { isPath } from './paths.js'

/** The two routes. */
export type RouteName = 'connectToken' | 'verify'

/** Paths of the routes below the prefix, or `false` to leave one out. */
export interface RoutesOption {
  /** Default `/createConnectToken`. */
  readonly connectToken?: string | false | undefined
  /** Default `/verifySignedPasskeyData`. */
  readonly verify?: string | false | undefined
}

/** The whole path of each route, or null if it is left out. */
export type RoutePaths = Readonly<Record<RouteName, string | null>>

/** @throws TypeError that names the option */
export function resolvePaths(prefix: unknown = '/auth', routes: RoutesOption = {}): RoutePaths {
  if (prefix !== '' && !isPath(prefix)) {
    throw optionError('corbadoConnect.prefix', 'must be a path such as /auth, without a slash at the end')
  }
  refuseUnknownOptions('corbadoConnect.routes', routes, ['connectToken', 'verify'])
  const { connectToken = '/createConnectToken', verify = '/verifySignedPasskeyData' } = routes
  const path = (name: RouteName, route: unknown): string | null => {
    if (route === false) return null
    if (!isPath(route)) throw optionError(`corbadoConnect.routes.${name}`, 'must be a path such as /login, or false')
    return `${prefix}${route}`
  }
  const paths = { connectToken: path('connectToken', connectToken), verify: path('verify', verify) }
  if (paths.connectToken !== null && paths.connectToken === paths.verify) {
    throw optionError('corbadoConnect.routes', 'must be two different paths')
  }
  return paths
}
