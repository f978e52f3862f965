/** Who is signed in. */
export interface Profile {
  readonly displayName: string
  readonly email: string
  readonly role: 'customer' | 'support'
}

/** The operation that a connect token allows. */
export type ConnectTokenType = 'passkey-append' | 'passkey-list' | 'passkey-delete'

/** A passkey as the app lists it for support. */
export interface CustomerPasskey {
  readonly id: string
  /** In Unix seconds. */
  readonly createdAt: number | null
  /** In Unix seconds. */
  readonly lastUsedAt: number | null
  readonly os: string | null
  readonly browser: string | null
  readonly authenticator: { readonly name: string | null }
  readonly synced: boolean
}

/** What support sees of a customer. */
export interface Customer {
  readonly displayName: string
  readonly passkeys: readonly CustomerPasskey[]
}

/** The app answered with an error. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly status: number
  /** `CORBADO_…` for the routes of Corbado Connect. */
  readonly code: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(status: number, code: string | undefined, retryAfterSeconds: number | undefined) {
    super(`The app answered ${status}`)
    this.status = status
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The app did not answer at all. */
export class AppUnreachable extends Error {
  override readonly name = 'AppUnreachable'
}

/** The login was accepted, but the browser did not keep the session. */
export class SessionNotKept extends Error {
  override readonly name = 'SessionNotKept'
}

/** Returns who is signed in, or null. */
export async function whoAmI(): Promise<Profile | null> {
  try {
    return await call('GET', '/me')
  } catch (error) {
    if (error instanceof AppError && error.status === 401) return null
    throw error
  }
}

export async function signInWithPassword(email: string, password: string): Promise<void> {
  await call('POST', '/login', { email, password })
}

export async function signOut(): Promise<void> {
  await call('POST', '/logout', {})
}

/** Ends all sessions of the signed-in user, also those in other browsers and apps. */
export async function signOutEverywhere(): Promise<void> {
  await call('POST', '/signOutEverywhere', {})
}

export async function deleteAccount(): Promise<void> {
  await call('POST', '/deleteAccount', {})
}

/** Finds a customer. Only for support. */
export async function findCustomer(email: string): Promise<Customer> {
  return call('POST', '/support/passkeys', { email })
}

/** Revokes a passkey of a customer. Only for support. */
export async function revokePasskey(email: string, passkeyId: string): Promise<void> {
  await call('POST', '/support/revokePasskey', { email, passkeyId })
}

/** Returns the identifier by which Corbado knows this person. */
export async function passkeyIdentifier(email: string): Promise<string> {
  const { identifier } = await call<{ identifier: string }>('POST', '/passkeyIdentifier', { email })
  return identifier
}

/** Creates a token for one operation with the passkeys of the signed-in user. */
export async function createConnectToken(type: ConnectTokenType): Promise<string> {
  const { connectToken } = await call<{ connectToken: string }>('POST', '/auth/createConnectToken', { type })
  return connectToken
}

/** Turns a passkey login at Corbado into a session of the app. */
export async function verifySignedPasskeyData(signedPasskeyData: string, clientState: string): Promise<void> {
  await call('POST', '/auth/verifySignedPasskeyData', { signedPasskeyData, clientState })
}

async function call<Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
  const response = await fetch(path, {
    method,
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  }).catch((error: unknown) => {
    throw new AppUnreachable('The app did not answer', { cause: error })
  })
  if (!response.ok) throw await asError(response)
  return response.json()
}

async function asError(response: Response): Promise<AppError> {
  const body: unknown = await response.json().catch(() => null)
  const code = typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : undefined
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new AppError(response.status, code, Number.isFinite(seconds) ? seconds : undefined)
}
