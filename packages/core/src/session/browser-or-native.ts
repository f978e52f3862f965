import type { Http } from '../http.js'
import { refuseUnknownOptions } from '../option-checks.js'
import type { ConnectUser, ReadyMadeStrategy } from './strategy.js'

/**
 * One route for browsers and native apps. A request with `Origin` or `Sec-Fetch-Site` is a browser's and is only ever
 * given the cookie; a request with `Authorization` is read as Bearer alone; the cookies of a native client are ignored.
 *
 * @throws TypeError where a strategy is missing
 */
export function browserOrNative<User extends ConnectUser = ConnectUser>(strategies: {
  /** {@link cookieSession} */
  readonly browser: ReadyMadeStrategy<User>
  /** {@link accessTokenSession} */
  readonly native: ReadyMadeStrategy<User>
}): ReadyMadeStrategy<User> {
  refuseUnknownOptions('browserOrNative', strategies, ['browser', 'native'])
  const { browser, native } = strategies
  for (const [name, strategy] of Object.entries({ browser, native })) {
    if (typeof strategy?.createSession !== 'function')
      throw new TypeError(`browserOrNative.${name}: a strategy was expected`)
  }
  return {
    allowNonBrowserClients: true,
    async getUser(context, findUser) {
      if (context.http.header('authorization') !== undefined) return native.getUser(context, findUser)
      return isBrowser(context.http) ? browser.getUser(context, findUser) : null
    },
    createSession: (login, context) => (isBrowser(context.http) ? browser : native).createSession(login, context),
    destroySession(context) {
      ;(isBrowser(context.http) ? browser : native).destroySession(context)
    },
  }
}

function isBrowser(http: Http): boolean {
  return http.header('origin') !== undefined || http.header('sec-fetch-site') !== undefined
}
