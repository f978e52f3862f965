export { type Connect, createConnect, type IssuedConnectToken, type PasskeyVerification } from './connect.js'
export type { ConnectOptions } from './connect-options.js'
export type { CorbadoCallTrace, CorbadoOperation } from './corbado/call-trace.js'
export type { Paging } from './corbado/checks.js'
export { CorbadoClient } from './corbado/client.js'
export type { CorbadoClientOptions } from './corbado/client-options.js'
export type { ConnectTokens, CreateConnectToken } from './corbado/connect-tokens.js'
export type { Credential, CredentialList, Credentials, ListCredentials } from './corbado/credentials.js'
export type {
  CreateIdentifier,
  Identifier,
  IdentifierList,
  IdentifierStatus,
  Identifiers,
  IdentifierType,
  ListIdentifiers,
} from './corbado/identifiers.js'
export type { ListQuery } from './corbado/list.js'
export type {
  ConnectToken,
  ConnectTokenData,
  ConnectTokenList,
  ConnectTokenType,
  ListedConnectToken,
  VerificationResult,
} from './corbado/schemas.js'
export type { UpstreamLimitOptions } from './corbado/upstream-limit.js'
export type { CorbadoUser, CorbadoUserList, CreateUser, ListUsers, Users } from './corbado/users.js'
export {
  CorbadoError,
  type CorbadoErrorBody,
  type CorbadoErrorCode,
  type CorbadoErrorDetails,
  type CorbadoErrorName,
  corbadoErrorCodes,
  corbadoErrorReasons,
  isCorbadoError,
  type Reason,
} from './errors.js'
export { type Refusal, refuse } from './hooks.js'
export type { CookieAttributes, Http, HttpContext } from './http.js'
export type { EndSessions, Passkey, UserPasskeys } from './passkeys.js'
export type { RedisClient } from './redis-client.js'
export { type MemoryReplayStoreOptions, memoryReplayStore } from './replay/memory.js'
export type { ReplayStore } from './replay/store.js'
export type { ClientStateOptions } from './routes/client-state.js'
export type { ConnectEvent, ConnectEventType } from './routes/events.js'
export { type FreshLoginOptions, freshLogin } from './routes/fresh-login.js'
export type { AdapterOptions } from './routes/options.js'
export type { RateLimit, RateLimitOptions } from './routes/rate-limit.js'
export type { RoutesOption } from './routes/routes-option.js'
export { type AccessTokenSessionOptions, accessTokenSession } from './session/access-token.js'
export { browserOrNative } from './session/browser-or-native.js'
export { type CookieSessionOptions, cookieSession } from './session/cookie.js'
export { type MemoryRevocationsOptions, memoryRevocations } from './session/memory-revocations.js'
export type { Revocations } from './session/revocations.js'
export type { SessionClaims, SessionTokenOptions } from './session/session-token.js'
export type { SessionKey, SessionSecret } from './session/signing-keys.js'
export type {
  AppLogin,
  ConnectUser,
  FindUser,
  Found,
  PasskeyLogin,
  ReadyMadeStrategy,
  SessionAnswer,
  SessionDescription,
  SessionLogin,
  SessionStrategy,
  SessionsToEnd,
} from './session/strategy.js'
export {
  type DecodedSignedPasskeyData,
  decodeSignedPasskeyData,
  type SignedPasskeyClaims,
} from './signed-passkey-data.js'
