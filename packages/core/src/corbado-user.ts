import type { CorbadoClient } from './corbado/client.js'
import type { CorbadoUser } from './corbado/users.js'
import { CorbadoError, isCorbadoError } from './errors.js'
import type { ConnectUser } from './session/strategy.js'

/**
 * Corbado's ID of an application's user, or null if Corbado does not know the user. Only exact matches count: a user whose
 * identifier differs by case, accents or white space is somebody else.
 *
 * @throws CorbadoError `CORBADO_UPSTREAM_REJECTED` if `corbadoUserId` belongs to another identifier, and the codes of the
 *   calls
 */
export async function findCorbadoUserId(client: CorbadoClient, user: ConnectUser): Promise<string | null> {
  const { identifier, corbadoUserId } = user
  if (corbadoUserId !== undefined && corbadoUserId !== null) {
    const known = await client.users.get(corbadoUserId)
    if (known !== null && !mayBe(known, identifier))
      throw new CorbadoError('UPSTREAM_REJECTED', { reason: 'user_mismatch' })
    return known?.userID ?? null
  }
  return (await byWebauthnId(client, identifier)) ?? (await byIdentifier(client, identifier))
}

/** Corbado's newer API finds users by WebAuthn identifier; the older one ignores or refuses the query. */
async function byWebauthnId(client: CorbadoClient, identifier: string): Promise<string | null> {
  try {
    const { users } = await client.users.list({ webauthnId: identifier })
    return theOnly(
      users.filter(({ explicitWebauthnID }) => explicitWebauthnID === identifier).map(({ userID }) => userID),
    )
  } catch (error) {
    if (isCorbadoError(error) && error.code === 'CORBADO_UPSTREAM_REJECTED' && error.reason === 'upstream_400')
      return null
    throw error
  }
}

async function byIdentifier(client: CorbadoClient, identifier: string): Promise<string | null> {
  const { identifiers } = await client.identifiers.list({ filter: [`identifierValue:eq:${identifier}`], pageSize: 100 })
  const userId = theOnly(identifiers.filter(({ value }) => value === identifier).map(({ userID }) => userID))
  if (userId === null) return null
  const user = await client.users.get(userId)
  return user !== null && mayBe(user, identifier) ? user.userID : null
}

/** Whether the WebAuthn identifier of a user, as far as Corbado tells it, is this one. */
function mayBe({ explicitWebauthnID }: CorbadoUser, identifier: string): boolean {
  return explicitWebauthnID === undefined || explicitWebauthnID === '' || explicitWebauthnID === identifier
}

/** @throws CorbadoError if several users match: none of them may be touched */
function theOnly(userIds: readonly string[]): string | null {
  const [first, ...others] = new Set(userIds)
  if (others.length > 0) throw new CorbadoError('UPSTREAM_INVALID_RESPONSE', { reason: 'ambiguous_user' })
  return first ?? null
}
