// Compiled, never run: what the types of @corbado-connect/core promise to a framework of one's own.
import {
  type Connect,
  CorbadoClient,
  type CorbadoErrorCode,
  createConnect,
  type HttpContext,
  isCorbadoError,
  type VerificationResult,
} from '@corbado-connect/core'
import { exact, type Same } from './exact.js'

interface User {
  readonly identifier: string
  readonly roles: readonly string[]
}

declare const users: Map<string, User>

export async function theFlows(context: HttpContext): Promise<void> {
  const connect = createConnect({
    createSession: ({ user }) => user.roles,
    findUser: (identifier: string) => users.get(identifier) ?? null,
  })
  exact<Same<typeof connect, Connect<User, HttpContext>>>()
  const answer = await connect.verifyLogin({ signedPasskeyData: '' }, context)
  exact<Same<typeof answer, unknown>>()
}

export async function theClient(): Promise<void> {
  const client = new CorbadoClient({ projectId: 'pro-1', apiSecret: 'secret' })
  await client.connectTokens.create({ type: 'passkey-append', data: { identifier: 'a', displayName: 'A' } })
  await client.connectTokens.create({ type: 'passkey-list', data: { identifier: 'a' } })
  // @ts-expect-error an append token needs a display name
  await client.connectTokens.create({ type: 'passkey-append', data: { identifier: 'a' } })
  // @ts-expect-error tokens are made or used
  await client.connectTokens.update('ctk-1', { status: 'expired' })
  const { verificationResult } = await client.passkeys.verifySignedData({ signedPasskeyData: '', username: 'a' })
  exact<Same<typeof verificationResult, VerificationResult>>()
}

export function theErrors(error: unknown): string {
  if (!isCorbadoError(error)) return 'foreign'
  exact<Same<typeof error.code, CorbadoErrorCode>>()
  exact<Same<typeof error.retryAfterSeconds, number | undefined>>()
  // @ts-expect-error no such code
  return error.code === 'CORBADO_NO_SUCH_CODE' ? '' : error.code
}
