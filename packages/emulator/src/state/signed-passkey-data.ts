import { isRecord } from '../wire/fields.js'
import { type Clock, inSeconds } from './clock.js'
import { newId, newJti, newProcessId } from './ids.js'
import type { Logins, VerificationResult } from './logins.js'
import type { Passkeys } from './passkeys.js'
import { createSigningKey, type SigningKey, signingInput } from './signing-key.js'
import type { Users } from './users.js'

/** The claims of a signedPasskeyData, see https://docs.corbado.com/corbado-connect/concepts/signed-passkey-data */
export interface SignedPasskeyDataClaims {
  /** The project ID. */
  iss: string
  /** Corbado's user ID, `usr-…`. */
  sub: string
  /** Unix seconds, 300 after `iat`. */
  exp: number
  /** Unix seconds, 10 before `iat`. */
  nbf: number
  /** Unix seconds. */
  iat: number
  jti: string
  processId: string
  username: string
  /** `cre-…`. */
  credential: string
  /** `was-…`. */
  challengeId: string
  /** The user's WebAuthn identifier, as it was put into the connect token. */
  webauthnId: string
  /** True for a login through conditional UI. */
  isCUI: boolean
}

/** What to make different from a good signedPasskeyData. */
export interface SignInOverrides {
  /**
   * Claims to replace or add; `undefined` removes one. A `challengeId` given here is one that Corbado never issued:
   * the verdict is `invalid_challenge`.
   */
  claims?: { readonly [Claim in keyof SignedPasskeyDataClaims]?: unknown } | Readonly<Record<string, unknown>>
  /** Header fields to replace or add; `undefined` removes one. */
  header?: Readonly<Record<string, unknown>>
  /** Whose key signs: the emulator's (the default), another RSA key, or nobody's: the signature is empty. */
  signedBy?: 'emulator' | 'stranger' | 'nobody'
}

const lifetimeSeconds = 300
const notBeforeSeconds = 10

interface Parts {
  projectId: string
  key: SigningKey
  clock: Clock
  logins: Logins
  passkeys: Passkeys
  users: Users
}

/** Mints and judges signedPasskeyData. */
export class SignedPasskeyData {
  readonly #parts: Parts
  #stranger: Promise<SigningKey> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A good token for a login that has just taken place. */
  issue(login: {
    identifier: string
    by: 'passkey' | 'conditional-ui'
    credential: string
    processId: string
  }): string {
    const { key, logins } = this.#parts
    const claims = this.#claims(login.identifier, {
      credential: login.credential,
      processId: login.processId,
      isCUI: login.by === 'conditional-ui',
    })
    logins.add(claims.challengeId, login.identifier, login.by)
    return key.sign(this.#header(), claims)
  }

  /** A token without a browser, good or bad. */
  async mint(identifier: string, overrides: SignInOverrides = {}): Promise<string> {
    const { key, logins } = this.#parts
    const { header = {}, claims = {}, signedBy = 'emulator' } = overrides
    const base = this.#claims(identifier, {})
    const allHeader = { ...this.#header(), ...header }
    const allClaims = { ...base, ...claims }
    if (!Object.hasOwn(claims, 'challengeId')) logins.add(base.challengeId, identifier, 'signIn')
    if (signedBy === 'nobody') return `${signingInput(allHeader, allClaims)}.`
    if (signedBy === 'emulator') return key.sign(allHeader, allClaims)
    this.#stranger ??= createSigningKey()
    return (await this.#stranger).sign(allHeader, allClaims)
  }

  /** The verdict, and with `success` the token is used up. From the signature on, nothing waits: no two can succeed. */
  async verify(token: string, username: string): Promise<VerificationResult> {
    const { key, logins, projectId, clock } = this.#parts
    const claims = await key.verify(token)
    if (!isRecord(claims) || claims.iss !== projectId) return 'invalid_signature'

    const login = logins.find(claims.challengeId)
    if (login === undefined) return 'invalid_challenge'
    const now = inSeconds(clock.now())
    const { exp, nbf, webauthnId } = claims
    const inTime =
      typeof exp === 'number' && now < exp && (nbf === undefined || (typeof nbf === 'number' && nbf <= now))
    if (login.used || !inTime) return logins.judge(login, 'invalid_challenge')
    return logins.judge(login, webauthnId === username ? 'success' : 'user_mismatch')
  }

  #header(): Record<string, unknown> {
    return { alg: 'RS256', kid: this.#parts.key.kid, typ: 'JWT' }
  }

  #claims(
    identifier: string,
    known: { credential?: string; processId?: string; isCUI?: boolean },
  ): SignedPasskeyDataClaims {
    const { clock, passkeys } = this.#parts
    const iat = inSeconds(clock.now())
    return {
      iss: this.#parts.projectId,
      sub: this.#parts.users.idOf(identifier),
      exp: iat + lifetimeSeconds,
      nbf: iat - notBeforeSeconds,
      iat,
      jti: newJti(),
      processId: known.processId ?? newProcessId(),
      username: '',
      credential: known.credential ?? passkeys.of(identifier).at(-1)?.id ?? newId('cre'),
      challengeId: newId('was'),
      webauthnId: identifier,
      isCUI: known.isCUI ?? false,
    }
  }
}
