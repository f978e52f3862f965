import type { Http, HttpContext } from '../http.js'
import { optionError, refuseUnknownOptions } from '../option-checks.js'
import type { ConnectUser, ReadyMadeStrategy } from './strategy.js'

/**
 * One route for browsers and native apps. A request with `Origin` or `Sec-Fetch-Site` comes from a browser, which only
 * ever receives the cookie. A request with `Authorization` is read as a Bearer token and nothing else. Cookies of native
 * clients are ignored.
 *
 * @throws TypeError where a strategy is missing or the two are swapped
 */
export function browserOrNative<User extends ConnectUser = ConnectUser>(strategies: {
  /** {@link cookieSession} */
  readonly browser: ReadyMadeStrategy<User>
  /** {@link accessTokenSession} */
  readonly native: ReadyMadeStrategy<User>
}): ReadyMadeStrategy<User> {
  refuseUnknownOptions('browserOrNative', strategies, ['browser', 'native'])
  const { browser, native } = strategies
  // A browser that receives an access token in JSON loses the protection of an httpOnly cookie.
  if (browser?.allowNonBrowserClients !== false)
    throw optionError('browserOrNative.browser', 'must be a strategy for browsers only, such as cookieSession')
  if (native?.allowNonBrowserClients !== true)
    throw optionError('browserOrNative.native', 'must be a strategy for native clients, such as accessTokenSession')
  if ((browser.endSessions === undefined) !== (native.endSessions === undefined))
    throw optionError('browserOrNative', 'both strategies must have `revocations`, or neither')
  const canEndSessions = browser.endSessions !== undefined

  const readerOf = ({ http }: HttpContext): ReadyMadeStrategy<User> | null => {
    if (http.header('authorization') !== undefined) return native
    return isBrowser(http) ? browser : null
  }
  const writerOf = ({ http }: HttpContext): ReadyMadeStrategy<User> => (isBrowser(http) ? browser : native)
  return {
    ...(canEndSessions
      ? {
          async endSessions(sessions) {
            await Promise.all([browser.endSessions?.(sessions), native.endSessions?.(sessions)])
          },
        }
      : {}),
    allowNonBrowserClients: true,
    getUser: async (context, findUser) => (await readerOf(context)?.getUser(context, findUser)) ?? null,
    createSession: (login, context) => writerOf(context).createSession(login, context),
    async renewSession(context, findUser) {
      // A browser that shows an access token must not receive another one in JSON.
      const reader = readerOf(context)
      return reader === writerOf(context) ? reader.renewSession(context, findUser) : null
    },
    async destroySession(context) {
      const [reader, writer] = [readerOf(context), writerOf(context)]
      await writer.destroySession(context)
      // A browser that shows an access token is signed in by that token, not by its cookie.
      if (reader !== null && reader !== writer) await reader.destroySession(context)
    },
    describeSession: async (context) => (await readerOf(context)?.describeSession(context)) ?? null,
  }
}

function isBrowser(http: Http): boolean {
  return http.header('origin') !== undefined || http.header('sec-fetch-site') !== undefined
}
