import './no-beacon.js'
import { type ConnectError, ConnectErrorType, ConnectService, PasskeyLoginSource } from '@corbado/web-core'
import type { ConnectLoginFinishRsp, ConnectLoginStartRsp, Passkey } from '@corbado/web-core/dist/api/v2/index.js'
import { createConnectToken, passkeyIdentifier, verifySignedPasskeyData } from './api.js'
import type { PageConfig } from './config.js'

export type { Passkey }

/** Corbado's client, or the person at the prompt, said no. */
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

/** Corbado has no passkey that this person could use. */
export class NoPasskey extends Error {
  override readonly name = 'NoPasskey'
}

/** The passkey exists on the device, but was deleted at Corbado. */
export class PasskeyDeleted extends Error {
  override readonly name = 'PasskeyDeleted'
}

/** Corbado switched passkeys off for this browser or this person, which is its way of a gradual roll-out. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered'
}

/** What a person does with passkeys: Corbado's browser client on one side, the app on the other. */
export class Passkeys {
  readonly #service: ConnectService
  readonly #loadedMs = Date.now()

  constructor({ projectId, frontendApi, clientState }: PageConfig) {
    this.#service = new ConnectService(projectId, 'frontendapi.cloud.corbado.io', false, frontendApi)
    try {
      this.#service.enrichClientState(clientState)
    } catch {
      // It only makes a login smoother; one that cannot be read is as good as none.
    }
  }

  /** Whether this browser knows who signed in last, so that nobody has to type anything. */
  get knowsLastLogin(): boolean {
    return Boolean(this.#service.getLastLogin())
  }

  /** Signs in with a passkey of the account with this address. */
  async signIn(email: string): Promise<void> {
    await this.#login(await passkeyIdentifier(email), PasskeyLoginSource.TextField)
  }

  /** Signs in as whoever signed in last in this browser. */
  async signInAgain(): Promise<void> {
    const last = this.#service.getLastLogin()
    if (!last) throw new NoPasskey()
    await this.#login(last.identifierValue, PasskeyLoginSource.OneTap)
  }

  /**
   * Offers passkeys in the autofill of the field marked `webauthn`, until one is chosen or the offer is withdrawn.
   *
   * @param offer aborting it withdraws the offer
   * @param onChosen called when a person has chosen one; the login then takes place
   * @returns whether there was a login
   */
  async autofill(offer: AbortController, onChosen: () => void): Promise<boolean> {
    if (!(await canAutofill()) || offer.signal.aborted) return false
    // Always asked for, as a challenge is good for one login only; Corbado's client keeps the one that is still good.
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

  /** Creates a passkey for whoever is signed in. */
  async create(): Promise<void> {
    const init = unwrap(await this.#service.appendInit(new AbortController()))
    if (!init.appendAllowed) throw new NotOffered()
    const token = await createConnectToken('passkey-append')
    const start = unwrap(await this.#service.startAppend(token, this.#loadedMs, undefined, true))
    if (start.attestationOptions === '') throw new NotOffered()
    unwrap(await this.#service.completeAppend(start.attestationOptions, 'manual'))
  }

  /** The passkeys of whoever is signed in. The browser is told, too, and forgets those that are no more. */
  async list(): Promise<Passkey[]> {
    const init = unwrap(await this.#service.manageInit(new AbortController()))
    if (!init.manageAllowed) throw new NotOffered()
    const token = await createConnectToken('passkey-list')
    return unwrap(await this.#service.manageList(token, true)).passkeys
  }

  async delete({ id }: Passkey): Promise<void> {
    unwrap(await this.#service.manageInit(new AbortController()))
    const token = await createConnectToken('passkey-delete')
    unwrap(await this.#service.manageDelete(token, id))
  }

  async #login(identifier: string, source: PasskeyLoginSource): Promise<void> {
    const start: ConnectLoginStartRsp = unwrap(await this.#service.loginStart(identifier, source, this.#loadedMs))
    if (start.assertionOptions === '') throw new NoPasskey()
    await this.#verify(unwrap(await this.#service.loginContinue(start)))
  }

  /** No session yet: that is for the app to say, once it has asked Corbado itself. */
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
  if (result.err) throw new PasskeyError(result.val)
  return result.val
}

/** Its type says text, but for an answer of Corbado's it is the parsed body. */
function corbadoTypeOf(message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('error' in message)) return undefined
  const { error } = message
  if (typeof error !== 'object' || error === null || !('type' in error)) return undefined
  return String(error.type)
}
