import { CorbadoError } from './errors.js'
import type { HookFailure } from './hooks.js'

const maxIdentifierLength = 512
/** The longest display name, in characters. Authenticators show at most 64 bytes. */
export const maxDisplayNameLength = 256
/** How much of a wrong user is named in an error. */
const maxNamedProperties = 20
const maxPropertyNameLength = 60

/** A name that can be sent and compared unchanged: no control characters, lone surrogates or surrounding white space. */
export function isIdentifier(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= maxIdentifierLength &&
    value.isWellFormed() &&
    value.trim() === value &&
    !/[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u.test(value)
  )
}

/**
 * The identifier of a user that the application gave us.
 *
 * @param source which hook or call returned the user, for the error
 * @throws CorbadoError with the reason `user_without_identifier`
 */
export function identifierOf(user: unknown, source: string, failure: HookFailure = 'HOOK_FAILED'): string {
  const identifier = propertyOf(user, 'identifier')
  if (isIdentifier(identifier)) return identifier
  throw withoutIdentifier(failure, `${source} a user without a usable string as \`identifier\``, user)
}

/**
 * The user that `findUser` returned, or null if it has another identifier: a look-up that ignores case or accents finds
 * somebody else.
 *
 * @throws CorbadoError with the reason `user_without_identifier` if the identifier is not a string
 */
export function exactUser<User>(failure: HookFailure, user: User | null | undefined, identifier: string): User | null {
  if (user === null || user === undefined) return null
  const found = propertyOf(user, 'identifier')
  if (typeof found === 'string') return found === identifier ? user : null
  const asked = JSON.stringify(identifier)
  throw withoutIdentifier(
    failure,
    `findUser(${asked}) must return a user with \`identifier: ${asked}\`; it returned`,
    user,
  )
}

/**
 * The user's display name, or an empty string.
 *
 * @throws CorbadoError `CORBADO_HOOK_FAILED` with the reason `user_display_name`
 */
export function displayNameOf(user: { readonly displayName?: unknown }): string {
  const { displayName } = user
  if (displayName === undefined || displayName === null) return ''
  const isValid =
    typeof displayName === 'string' && displayName.length <= maxDisplayNameLength && displayName.isWellFormed()
  if (isValid) return displayName
  throw new CorbadoError('HOOK_FAILED', {
    reason: 'user_display_name',
    cause: new TypeError(`The user's \`displayName\` must be a string of at most ${maxDisplayNameLength} characters`),
  })
}

function withoutIdentifier(failure: HookFailure, what: string, user: unknown): CorbadoError {
  return new CorbadoError(failure, {
    reason: 'user_without_identifier',
    cause: new TypeError(`${what} ${described(user)}`),
  })
}

/** Which properties a user has, never their values. */
function described(user: unknown): string {
  if (typeof user !== 'object' || user === null) return `(${user === null ? 'null' : `a ${typeof user}`})`
  const names = Object.keys(user)
  const shown = names.slice(0, maxNamedProperties).map((name) => name.slice(0, maxPropertyNameLength))
  if (names.length === 0) return '(an object without properties)'
  return `(an object with the properties ${shown.join(', ')}${names.length > shown.length ? ', …' : ''})`
}

function propertyOf(user: unknown, name: string): unknown {
  return typeof user === 'object' && user !== null ? Reflect.get(user, name) : undefined
}
