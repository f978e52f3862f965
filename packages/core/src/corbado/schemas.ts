import {
  type Checks,
  hasItems,
  isOptionalString,
  isPaging,
  isShortString,
  matchesChecks,
  type Paging,
} from './checks.js'

/** The types of a connect token. `passkey-login` is for passkeys as a second factor. */
export const connectTokenTypes = ['passkey-append', 'passkey-list', 'passkey-delete', 'passkey-login'] as const

/**
 * What a connect token can be spent on.
 * @see https://docs.corbado.com/corbado-connect/concepts/connect-token
 */
export type ConnectTokenType = (typeof connectTokenTypes)[number]

/** Corbado's verdicts on a signedPasskeyData. Any other value is not a verdict. */
export const verificationResults = [
  'success',
  'invalid_signature',
  'invalid_challenge',
  'user_mismatch',
  'generic_error',
] as const

/**
 * Corbado's verdict on a signedPasskeyData.
 * @see https://docs.corbado.com/api-reference/backend-api/passkeys/verify-signedpasskeydata-from-a-passkey-login
 */
export type VerificationResult = (typeof verificationResults)[number]

/** A connect token in a list: everything but its secret. */
export interface ListedConnectToken {
  /** `ctk-…` */
  readonly id: string
  /** What the token can be spent on: a {@link ConnectTokenType}, or one that this version does not know. */
  readonly tokenType: string
  /** Whom the token is for. */
  readonly data?: ConnectTokenData
  /** `initial`, or `consumed` once it was used. */
  readonly connectTokenStatus: string
  /** When the token expires, in Unix seconds. */
  readonly expires: number
}

/** A connect token as Corbado returns it on creation. */
export interface ConnectToken extends ListedConnectToken {
  readonly tokenType: ConnectTokenType
  /** What the frontend passes to Corbado. It is returned on creation only. */
  readonly secret: string
}

/** Whom a connect token is for. */
export interface ConnectTokenData {
  /** The user's WebAuthn identifier. */
  readonly identifier?: string
  /** The name that the passkey is shown with, on tokens of the type `passkey-append`. */
  readonly displayName?: string
}

/** A page of connect tokens, without their secrets. */
export interface ConnectTokenList {
  readonly connectTokens: readonly ListedConnectToken[]
  readonly paging: Paging
}

const listedConnectTokenChecks: Checks<ListedConnectToken> = {
  id: (value) => isShortString(value, 256),
  tokenType: (value) => isShortString(value, 64),
  data: (value) => value === undefined || isConnectTokenData(value),
  connectTokenStatus: (value) => typeof value === 'string' && value.length <= 64,
  expires: (value) => Number.isInteger(value) && Number(value) >= 1,
}
const connectTokenChecks: Checks<ConnectToken> = {
  ...listedConnectTokenChecks,
  tokenType: isConnectTokenType,
  secret: (value) => isShortString(value, 512),
}
const connectTokenDataChecks: Checks<ConnectTokenData> = {
  identifier: isOptionalString,
  displayName: isOptionalString,
}
const connectTokenListChecks: Checks<ConnectTokenList> = {
  connectTokens: (value) => hasItems(value, listedConnectTokenChecks),
  paging: isPaging,
}

/** Whether `body` is Corbado's answer to the creation of a connect token. */
export function isConnectToken(body: unknown): body is ConnectToken {
  return matchesChecks(connectTokenChecks, body)
}

/** Whether `body` is Corbado's answer to a list of connect tokens. */
export function isConnectTokenList(body: unknown): body is ConnectTokenList {
  return matchesChecks(connectTokenListChecks, body)
}

/** Whether `value` is one of our connect-token types. */
export function isConnectTokenType(value: unknown): value is ConnectTokenType {
  return connectTokenTypes.some((type) => type === value)
}

function isConnectTokenData(value: unknown): value is ConnectTokenData {
  return matchesChecks(connectTokenDataChecks, value)
}
