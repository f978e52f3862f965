import { parse } from './shorten.js'

/** One HTTP call of this page. */
export interface Call {
  readonly method: string
  readonly url: URL
  readonly sent: unknown
  /** HTTP status, or null if there was no answer. */
  readonly status: number | null
  readonly received: unknown
}

/** The page asked the browser for a passkey. */
export interface Prompt {
  readonly kind: 'create' | 'get'
  /** Offered in the autofill of a field, not in a dialog. */
  readonly conditional: boolean
  /** `exists`: the device already has a passkey for this account. `closed`: the prompt was closed or timed out. */
  readonly outcome: 'done' | 'exists' | 'closed' | 'failed'
}

/**
 * Watches what this page sends and receives, for the panel. The page calls the app with `fetch`, Corbado's client uses
 * XMLHttpRequest, and passkeys come from `navigator.credentials`. Nothing is changed.
 */
export function watchTraffic(onCall: (call: Call) => void, onPrompt: (prompt: Prompt) => void): void {
  watchFetch(onCall)
  watchXhr(onCall)
  watchCredentials(onPrompt)
}

function watchFetch(onCall: (call: Call) => void): void {
  const original = window.fetch
  window.fetch = async (input, init) => {
    const call = {
      method: init?.method ?? 'GET',
      url: new URL(input instanceof Request ? input.url : input, location.href),
      sent: read(init?.body),
    }
    try {
      const response = await original(input, init)
      onCall({ ...call, status: response.status, received: read(await response.clone().text()) })
      return response
    } catch (error) {
      onCall({ ...call, status: null, received: undefined })
      throw error
    }
  }
}

function watchXhr(onCall: (call: Call) => void): void {
  const { open, send } = XMLHttpRequest.prototype
  const opened = new WeakMap<XMLHttpRequest, { method: string; url: URL }>()

  XMLHttpRequest.prototype.open = function (
    this: XMLHttpRequest,
    method: string,
    url: string | URL,
    async: unknown = true,
    user?: string | null,
    password?: string | null,
  ) {
    opened.set(this, { method: method.toUpperCase(), url: new URL(url, location.href) })
    open.call(this, method, url, async !== false, user, password)
  }

  XMLHttpRequest.prototype.send = function (this: XMLHttpRequest, body) {
    const call = opened.get(this)
    this.addEventListener('loadend', () => {
      const answered = this.status !== 0
      const received = answered && this.responseType !== 'blob' ? read(this.response) : undefined
      if (call) onCall({ ...call, sent: read(body), status: answered ? this.status : null, received })
    })
    send.call(this, body)
  }
}

function watchCredentials(onPrompt: (prompt: Prompt) => void): void {
  // Old browsers and pages at an insecure address have no credentials.
  const { credentials } = navigator
  if (credentials === undefined) return
  const { create, get } = credentials
  const watched = async (
    kind: Prompt['kind'],
    mediation: string | undefined,
    answer: Promise<Credential | null>,
  ): Promise<Credential | null> => {
    const conditional = mediation === 'conditional'
    try {
      const credential = await answer
      onPrompt({ kind, conditional, outcome: 'done' })
      return credential
    } catch (error) {
      // The page withdraws its offer in the autofill before every other action: not worth showing.
      if (!conditional) onPrompt({ kind, conditional, outcome: outcomeOf(error) })
      throw error
    }
  }
  credentials.create = (options) => watched('create', undefined, create.call(credentials, options))
  credentials.get = (options) => watched('get', options?.mediation, get.call(credentials, options))
}

function outcomeOf(error: unknown): Prompt['outcome'] {
  if (!(error instanceof DOMException)) return 'failed'
  if (error.name === 'InvalidStateError') return 'exists'
  return error.name === 'NotAllowedError' || error.name === 'AbortError' ? 'closed' : 'failed'
}

function read(body: unknown): unknown {
  if (typeof body !== 'string') return undefined
  return parse(body) ?? (body === '' ? undefined : body)
}
