import './no-beacon.js'
import { type ConnectError, ConnectErrorType, ConnectService, PasskeyLoginSource } from '@corbado/web-core'
import type { ConnectLoginFinishRsp, ConnectLoginStartRsp, Passkey } from '@corbado/web-core/dist/api/v2/index.js'
import { createConnectToken, passkeyIdentifier, verifySignedPasskeyData } from './api.js'
import type { PageConfig } from './config.js'

export type { Passkey }

/** Corbado's client returned an error, for example because the prompt was closed. */
export class PasskeyError extends Error {
  override readonly name = 'PasskeyError'
  readonly type: ConnectErrorType
  /** `error.type` of Corbado's answer, where there is one. */
  readonly corbadoType: string | undefined

  constructor(error: ConnectError) {
    super(`Corbado's client failed with ${ConnectErrorType[error.type]}`, { cause: error })
    this.type = error.type
    this.corbadoType = corbadoTypeOf(error.message)
  }
}

/** Corbado has no passkey for this login. */
export class NoPasskey extends Error {
  override readonly name = 'NoPasskey'
}

/** The passkey exists on the device, but was deleted at Corbado. */
export class PasskeyDeleted extends Error {
  override readonly name = 'PasskeyDeleted'
}

/** Corbado switched passkeys off for this browser or this person, for example during a gradual roll-out. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered'
}

/** Key in `localStorage` for who signed in last, while Corbado's client has forgotten it. */
const lastIdentifierKey = 'last-passkey-identifier'

/** Everything a person does with passkeys. It uses Corbado's browser client and the routes of the app. */
export class Passkeys {
  readonly #service: ConnectService
  readonly #loadedMs = Date.now()

  constructor({ projectId, frontendApi, clientState }: PageConfig) {
    this.#service = new ConnectService(projectId, 'frontendapi.cloud.corbado.io', false, frontendApi)
    try {
      this.#service.enrichClientState(clientState)
    } catch {
      // The state only makes logins smoother. The page works without it.
    }
  }

  /** Whether this browser knows who signed in last, so that one click is enough. */
  get knowsLastLogin(): boolean {
    return this.#lastIdentifier !== null
  }

  get #lastIdentifier(): string | null {
    return this.#service.getLastLogin()?.identifierValue ?? localStorage.getItem(lastIdentifierKey)
  }

  /** Forgets who signed in last, for example because the account was deleted. */
  forgetLastLogin(): void {
    this.#service.clearLastLogin()
    localStorage.removeItem(lastIdentifierKey)
  }

  /** Signs in with a passkey of the account with this address. */
  async signIn(email: string): Promise<void> {
    await this.#login(await passkeyIdentifier(email), PasskeyLoginSource.TextField)
  }

  /** Signs in as the person who signed in last in this browser. */
  async signInAgain(): Promise<void> {
    const last = this.#lastIdentifier
    if (last === null) throw new NoPasskey()
    await this.#login(last, PasskeyLoginSource.OneTap)
  }

  /**
   * Offers passkeys in the autofill of the field marked `webauthn` until one is chosen or the offer is withdrawn.
   *
   * @param offer aborting it withdraws the offer
   * @param onChosen called when a person has chosen a passkey, before the login
   * @returns whether a login took place
   */
  async autofill(offer: AbortController, onChosen: () => void): Promise<boolean> {
    if (!(await canAutofill()) || offer.signal.aborted) return false
    // A challenge is valid for one login. Corbado's client reuses its challenge while it is valid.
    const init = await this.#service.loginInit(offer)
    if (init.err || !init.val.loginAllowed || init.val.conditionalUIChallenge === null || offer.signal.aborted)
      return false
    let chosen = false
    const login = await this.#service.conditionalUILogin(
      (prompt) => offer.signal.addEventListener('abort', () => prompt.abort()),
      () => {
        chosen = true
        onChosen()
      },
      () => {},
      this.#loadedMs,
    )
    if (login.err && !chosen) return false
    await this.#verify(unwrap(login))
    return true
  }

  /** Creates a passkey for the person who is signed in. */
  async create(): Promise<void> {
    const init = unwrap(await this.#service.appendInit(new AbortController()))
    if (!init.appendAllowed) throw new NotOffered()
    const token = await createConnectToken('passkey-append')
    const start = unwrap(await this.#service.startAppend(token, this.#loadedMs, undefined, true))
    if (start.attestationOptions === '') throw new NotOffered()
    unwrap(await this.#service.completeAppend(start.attestationOptions, 'manual'))
  }

  /** Lists the passkeys of the person who is signed in. The browser is told too and forgets deleted ones. */
  async list(): Promise<Passkey[]> {
    const init = unwrap(await this.#service.manageInit(new AbortController()))
    if (!init.manageAllowed) throw new NotOffered()
    const token = await createConnectToken('passkey-list')
    const { passkeys } = unwrap(await this.#service.manageList(token, true))
    if (passkeys.length === 0) localStorage.removeItem(lastIdentifierKey)
    return passkeys
  }

  async delete({ id }: Passkey): Promise<void> {
    unwrap(await this.#service.manageInit(new AbortController()))
    const token = await createConnectToken('passkey-delete')
    unwrap(await this.#service.manageDelete(token, id))
  }

  async #login(identifier: string, source: PasskeyLoginSource): Promise<void> {
    const last = this.#lastIdentifier
    localStorage.removeItem(lastIdentifierKey)
    try {
      const start: ConnectLoginStartRsp = unwrap(await this.#service.loginStart(identifier, source, this.#loadedMs))
      if (start.assertionOptions === '') throw new NoPasskey()
      await this.#verify(unwrap(await this.#service.loginContinue(start)))
    } catch (error) {
      // Corbado's client forgets the last login after every error. A closed prompt says nothing about the passkey.
      const isGone = identifier === last && (error instanceof NoPasskey || error instanceof PasskeyDeleted)
      if (last !== null && !isGone) localStorage.setItem(lastIdentifierKey, last)
      throw error
    }
  }

  /** Nobody is signed in yet: the app decides that after it has asked Corbado itself. */
  async #verify({ signedPasskeyData, fallbackOperationError }: ConnectLoginFinishRsp): Promise<void> {
    if (fallbackOperationError?.error?.code === 'cui_credential_deleted') throw new PasskeyDeleted()
    if (fallbackOperationError || !signedPasskeyData) throw new NoPasskey()
    await verifySignedPasskeyData(signedPasskeyData, this.#service.encodeClientState())
  }
}

async function canAutofill(): Promise<boolean> {
  if (typeof PublicKeyCredential === 'undefined') return false
  return (await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false
}

function unwrap<Value>(
  result: { readonly err: true; readonly val: ConnectError } | { readonly err: false; readonly val: Value },
): Value {
  if (result.err) throw asError(result.val)
  return result.val
}

function asError(error: ConnectError): Error {
  const failed = new PasskeyError(error)
  // Older versions of Corbado answer 404 for a deleted passkey.
  return failed.corbadoType === 'not_found' ? new PasskeyDeleted() : failed
}

/** `error.type` of Corbado's answer. The client's types say `string`, but the message is the parsed body. */
function corbadoTypeOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('error' in message)) return undefined
  const { error } = message
  if (typeof error !== 'object' || error === null || !('type' in error)) return undefined
  return String(error.type)
}
