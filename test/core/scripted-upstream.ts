import { Dispatcher } from 'undici'

/** What becomes of a request: an answer, no answer although it was sent, or never sent at all. */
export type Fate = { readonly status: number; readonly body: unknown } | 'reset' | 'unsent'

export const verdictOf = (verificationResult: string): Fate => ({ status: 200, body: { verificationResult } })

/**
 * Stands in for undici's connections where a test decides about every single step of an interleaving, which sockets
 * cannot do. Accepts the same token any number of times: the lock under test is ours.
 */
export class ScriptedUpstream extends Dispatcher {
  readonly #decide: (body: string) => Fate | Promise<Fate>
  readonly #onSent: (body: string) => void

  constructor(decide: (body: string) => Fate | Promise<Fate>, onSent: (body: string) => void = () => {}) {
    super()
    this.#decide = decide
    this.#onSent = onSent
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    void this.#exchange(String(options.body), handler)
    return true
  }

  async #exchange(body: string, handler: Dispatcher.DispatchHandler): Promise<void> {
    const controller: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      abort() {},
      pause() {},
      resume() {},
    }
    const fate = await this.#decide(body)
    const failure = (code: string): Error => Object.assign(new Error(code), { code })
    if (fate === 'unsent') return handler.onResponseError?.(controller, failure('ECONNREFUSED'))
    handler.onRequestStart?.(controller, {})
    this.#onSent(body)
    if (fate === 'reset') return handler.onResponseError?.(controller, failure('ECONNRESET'))
    handler.onResponseStart?.(controller, fate.status, {})
    handler.onResponseData?.(controller, Buffer.from(JSON.stringify(fate.body)))
    handler.onResponseEnd?.(controller, {})
  }
}
