import { ApiError } from '../wire/error-envelope.js'
import { type Clock, inSeconds } from './clock.js'
import { dropOldest } from './drop-oldest.js'
import { newConnectTokenSecret, newId } from './ids.js'

export const connectTokenTypes = ['passkey-append', 'passkey-list', 'passkey-delete', 'passkey-login'] as const

/** What a connect token authorizes, see https://docs.corbado.com/corbado-connect/concepts/connect-token */
export type ConnectTokenType = (typeof connectTokenTypes)[number]

export const connectTokenStatuses = ['initial', 'consumed'] as const

export type ConnectTokenStatus = (typeof connectTokenStatuses)[number]

export interface ConnectToken {
  readonly id: string
  readonly secret: string
  readonly tokenType: ConnectTokenType
  readonly data: { readonly identifier: string; readonly displayName?: string }
  readonly connectTokenStatus: ConnectTokenStatus
  /** Unix seconds. */
  readonly expires: number
  /** The process that a `passkey-list` token belongs to since its first use. */
  readonly processId?: string
}

/** How many tokens are kept, so that a long run does not fill the memory. */
const capacity = 100_000

export class ConnectTokens {
  readonly #byId = new Map<string, ConnectToken>()
  readonly #idBySecret = new Map<string, string>()
  readonly #clock: Clock
  readonly #changed: () => void

  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#changed = changed
  }

  create(tokenType: ConnectTokenType, data: ConnectToken['data'], lifetimeSeconds: number): ConnectToken {
    const token: ConnectToken = {
      id: newId('ctk'),
      secret: newConnectTokenSecret(),
      tokenType,
      data,
      connectTokenStatus: 'initial',
      expires: inSeconds(this.#clock.now()) + lifetimeSeconds,
    }
    this.#byId.set(token.id, token)
    this.#idBySecret.set(token.secret, token.id)
    dropOldest(this.#byId, capacity, ({ secret }) => this.#idBySecret.delete(secret))
    this.#changed()
    return token
  }

  all(): ConnectToken[] {
    return [...this.#byId.values()]
  }

  update(id: string, connectTokenStatus: ConnectTokenStatus): void {
    const token = this.#byId.get(id)
    if (token === undefined) throw unknownToken()
    const { processId: _, ...unbound } = token
    this.#byId.set(id, { ...unbound, connectTokenStatus })
    this.#changed()
  }

  delete(id: string): void {
    if (!this.#remove(id)) throw unknownToken()
    this.#changed()
  }

  /** Uses a token up: it must exist, be of this type, unused and in time; otherwise nothing is spent. */
  spend(secret: string, type: ConnectTokenType): ConnectToken {
    const token = this.find(secret, type)
    this.update(token.id, 'consumed')
    return token
  }

  /**
   * Uses a `passkey-list` token. Corbado's own list component asks for one and uses it again after each deletion, so the
   * token belongs to the first process that uses it and serves that process until it expires.
   */
  useForList(secret: string, processId: string | undefined): ConnectToken {
    const known = this.#find(secret)
    const isOwn = processId !== undefined && known?.processId === processId
    if (known !== undefined && isOwn && !this.isExpired(known)) return known
    const token = this.spend(secret, 'passkey-list')
    if (processId !== undefined) this.#byId.set(token.id, { ...token, connectTokenStatus: 'consumed', processId })
    return token
  }

  /** The same demands as `spend`, without using the token up. */
  find(secret: string, type: ConnectTokenType): ConnectToken {
    const token = this.#find(secret)
    if (token === undefined) throw new ApiError(401, 'login_error', 'The connect token is unknown.')
    if (token.tokenType !== type) {
      throw new ApiError(401, 'login_error', `A connect token of type ${type} is needed, not ${token.tokenType}.`)
    }
    if (token.connectTokenStatus === 'consumed') {
      throw new ApiError(401, 'login_error', 'The connect token was used before.')
    }
    if (this.isExpired(token)) throw new ApiError(401, 'login_error', 'The connect token has expired.')
    return token
  }

  isExpired(token: ConnectToken): boolean {
    return this.#clock.now() >= token.expires * 1000
  }

  deleteOf(identifier: string): void {
    for (const { id, data } of this.all()) if (data.identifier === identifier) this.delete(id)
  }

  clear(): void {
    this.#byId.clear()
    this.#idBySecret.clear()
    this.#changed()
  }

  #find(secret: string): ConnectToken | undefined {
    return this.#byId.get(this.#idBySecret.get(secret) ?? '')
  }

  #remove(id: string): boolean {
    const token = this.#byId.get(id)
    if (token === undefined) return false
    this.#idBySecret.delete(token.secret)
    return this.#byId.delete(id)
  }
}

const unknownToken = (): ApiError => new ApiError(404, 'not_found', 'There is no connect token with this ID.')
