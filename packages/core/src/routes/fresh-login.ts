import { type ConnectTokenType, connectTokenTypes, isConnectTokenType } from '../corbado/schemas.js'
import { CorbadoError } from '../errors.js'
import { assertWholeNumber, optionError, refuseUnknownOptions } from '../option-checks.js'
import type { SessionDescription } from '../session/strategy.js'

const defaultTypes: readonly ConnectTokenType[] = ['passkey-append', 'passkey-delete']
/** How far the clock of the instance that signed the user in may be ahead, in seconds. */
const clockSkewSeconds = 60

/** Options of {@link freshLogin}. */
export interface FreshLoginOptions {
  /** How long ago the user may have signed in, in seconds, 1 to 86400. Default: 300. */
  readonly maxAgeSeconds?: number
  /** The connect-token types that need it; others are allowed. Default: `passkey-append` and `passkey-delete`. */
  readonly types?: readonly ConnectTokenType[]
}

/**
 * Returns a function for the option `authorizeConnectToken` that demands a fresh login, so that a stolen session cannot add
 * a passkey of its own. An older session, or one whose time of sign-in is unknown, is refused with
 * `CORBADO_FRESH_LOGIN_REQUIRED`. Renewing a session does not make it fresh.
 *
 * The time of sign-in comes from `session.describeSession`, which every ready-made strategy has.
 *
 * ```ts
 * corbadoConnect({ session, findUser, authorizeConnectToken: freshLogin() })
 * ```
 *
 * @throws TypeError that names the wrong option
 */
export function freshLogin(
  options: FreshLoginOptions = {},
): (request: { readonly type: ConnectTokenType; readonly session: SessionDescription | null }) => true {
  refuseUnknownOptions('freshLogin', options, ['maxAgeSeconds', 'types'])
  const { maxAgeSeconds = 300, types = defaultTypes } = options
  assertWholeNumber('freshLogin.maxAgeSeconds', maxAgeSeconds, 1, 24 * 3600)
  if (!Array.isArray(types) || types.length === 0 || !types.every(isConnectTokenType))
    throw optionError('freshLogin.types', `must be an array of ${connectTokenTypes.join(', ')}`)
  const needsFreshLogin = new Set<ConnectTokenType>(types)
  return ({ type, session }) => {
    if (!needsFreshLogin.has(type)) return true
    const ageSeconds = session === null ? Number.NaN : Date.now() / 1000 - session.signedInAt
    // A time in the future is a wrong time, such as milliseconds: it must not count as fresh.
    if (!(ageSeconds >= -clockSkewSeconds))
      throw new CorbadoError('FRESH_LOGIN_REQUIRED', { reason: 'sign_in_time_unknown' })
    // The time of sign-in is in whole seconds, rounded down.
    if (Math.floor(ageSeconds) > maxAgeSeconds)
      throw new CorbadoError('FRESH_LOGIN_REQUIRED', { reason: 'sign_in_too_old' })
    return true
  }
}
