import type { AdapterOptions, ConnectUser } from '@corbado-connect/core'
import type { ExpressContext } from './http.js'

/** The options of the core, and one of Express's manners. */
export interface ExpressConnectOptions<User extends ConnectUser> extends AdapterOptions<User, ExpressContext> {
  /** `json` (default): our coded errors are answered by the router. `next`: they go to the app's error handler. */
  readonly errors?: 'json' | 'next' | undefined
}

/**
 * Types the hooks by your own user type where the options are written apart from the call. It returns them as they are.
 * `defineOptions({ findUser: (identifier: string) => users.get(identifier) ?? null, session })`
 */
export function defineOptions<User extends ConnectUser>(
  options: ExpressConnectOptions<User>,
): ExpressConnectOptions<User> {
  return options
}
