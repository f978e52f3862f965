import {
  assertFunction,
  assertOptionalBoolean,
  assertOptionalFunction,
  optionError,
  refuseUnknownOptions,
} from '../option-checks.js'

const optionalHooks = ['destroySession', 'renewSession', 'describeSession', 'endSessions']
const memberNames = ['getUser', 'createSession', ...optionalHooks, 'allowNonBrowserClients']

/** Checks the option `session`. @throws TypeError that names the option */
export function assertSession(session: unknown): void {
  if (typeof session !== 'object' || session === null) {
    throw optionError(
      'corbadoConnect.session',
      'must be a session strategy, such as cookieSession(…), or your own hooks',
    )
  }
  // An instance of a class may have other fields.
  if (Object.getPrototypeOf(session) === Object.prototype) {
    refuseUnknownOptions('corbadoConnect.session', session, memberNames)
  }
  assertFunction('corbadoConnect.session.getUser', Reflect.get(session, 'getUser'))
  assertFunction('corbadoConnect.session.createSession', Reflect.get(session, 'createSession'))
  for (const name of optionalHooks) {
    assertOptionalFunction(`corbadoConnect.session.${name}`, Reflect.get(session, name))
  }
  assertOptionalBoolean('corbadoConnect.session.allowNonBrowserClients', Reflect.get(session, 'allowNonBrowserClients'))
}
