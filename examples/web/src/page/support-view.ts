import type { Customer, CustomerPasskey } from './api.js'
import { element } from './element.js'
import { Field } from './field.js'
import { passkeyItem } from './passkey-item.js'

/** What support can do. */
export interface SupportActions {
  find(email: string, button: HTMLButtonElement): void
  revoke(email: string, passkey: CustomerPasskey, name: string, button: HTMLButtonElement): void
}

/** The support desk: finds a customer by e-mail address, and lists and revokes the customer's passkeys. */
export class SupportView {
  readonly #section = element('support', HTMLElement)
  readonly #result = element('customer', HTMLElement)
  readonly #title = element('customer-title', HTMLElement)
  readonly #state = element('customer-state', HTMLElement)
  readonly #list = element('customer-passkeys', HTMLUListElement)
  readonly #email = new Field('customer-email', 'Enter the e-mail address of a customer.')
  readonly #actions: SupportActions

  constructor(actions: SupportActions) {
    this.#actions = actions
    const button = element('find-customer', HTMLButtonElement)
    element('support-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#result.hidden = true
      if (this.#email.check()) actions.find(this.#email.value, button)
    })
  }

  show(): void {
    this.#section.hidden = false
  }

  hide(): void {
    this.#section.hidden = true
    this.#result.hidden = true
    this.#list.replaceChildren()
    this.#email.value = ''
  }

  /** Shows what was found, and moves the focus there. */
  showCustomer(email: string, { displayName, passkeys }: Customer): void {
    this.#title.textContent = `Passkeys of ${displayName}`
    this.#state.hidden = passkeys.length > 0
    this.#list.replaceChildren(
      ...passkeys.map((passkey) =>
        passkeyItem(
          {
            maker: passkey.authenticator.name,
            browser: passkey.browser,
            os: passkey.os,
            createdMs: inMilliseconds(passkey.createdAt),
            lastUsedMs: inMilliseconds(passkey.lastUsedAt),
            synced: passkey.synced,
          },
          'Revoke',
          (name, button) => this.#actions.revoke(email, passkey, name, button),
        ),
      ),
    )
    this.#result.hidden = false
    this.#title.focus()
  }
}

function inMilliseconds(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000
}
