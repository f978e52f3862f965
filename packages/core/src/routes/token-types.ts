import { type ConnectTokenType, connectTokenTypes, isConnectTokenType } from '../corbado/schemas.js'
import { optionError } from '../option-checks.js'

const defaultTokenTypes: readonly ConnectTokenType[] = ['passkey-append', 'passkey-list', 'passkey-delete']

/**
 * @param secondFactor the options that make `passkey-login` safe
 * @throws TypeError that names the option
 */
export function resolveTokenTypes(
  types: unknown = defaultTokenTypes,
  secondFactor: { readonly authorizeConnectToken: unknown; readonly expectedIdentifier: unknown },
): ReadonlySet<ConnectTokenType> {
  const option = 'corbadoConnect.tokenTypes'
  if (!Array.isArray(types) || types.length === 0 || !types.every(isConnectTokenType)) {
    throw optionError(option, `must be an array of ${connectTokenTypes.join(', ')}`)
  }
  if (types.includes('passkey-login')) {
    for (const [name, value] of Object.entries(secondFactor)) {
      if (value === undefined) throw optionError(option, `must not contain passkey-login without \`${name}\``)
    }
  }
  return new Set(types)
}
