import type { Profile } from './api.js'
import { element } from './element.js'
import { passkeyItem } from './passkey-item.js'
import type { Passkey } from './passkeys.js'

/** What a person can do after signing in. */
export interface AccountActions {
  create(button: HTMLButtonElement): void
  delete(passkey: Passkey, name: string, button: HTMLButtonElement): void
  signOut(button: HTMLButtonElement): void
}

export class AccountView {
  readonly #section = element('account', HTMLElement)
  readonly #title = element('account-title', HTMLElement)
  readonly #offer = element('offer', HTMLElement)
  readonly #add = element('add-passkey', HTMLButtonElement)
  readonly #state = element('passkeys-state', HTMLElement)
  readonly #list = element('passkeys', HTMLUListElement)
  readonly #listTitle = element('passkeys-title', HTMLElement)
  readonly #actions: AccountActions

  constructor(actions: AccountActions) {
    this.#actions = actions
    const onClick = (button: HTMLButtonElement, action: (button: HTMLButtonElement) => void) =>
      button.addEventListener('click', () => action(button))
    onClick(this.#add, (button) => actions.create(button))
    onClick(element('offer-accept', HTMLButtonElement), (button) => actions.create(button))
    onClick(element('offer-decline', HTMLButtonElement), () => {
      this.offerPasskey(false)
      this.#listTitle.focus()
    })
    onClick(element('sign-out', HTMLButtonElement), (button) => actions.signOut(button))
  }

  show({ displayName, email }: Profile): void {
    this.#title.textContent = `Hello, ${displayName}`
    element('account-email', HTMLElement).textContent = email
    element('initials', HTMLElement).textContent = displayName
      .split(' ')
      .map((word) => word.charAt(0))
      .join('')
      .slice(0, 2)
    this.#section.hidden = false
  }

  hide(): void {
    this.#section.hidden = true
    this.#list.replaceChildren()
    this.offerPasskey(false)
    this.showState('')
  }

  focus(): void {
    this.#title.focus()
  }

  focusList(): void {
    this.#listTitle.focus()
  }

  /** Shows either the offer or the button of the list, because both do the same. */
  offerPasskey(open: boolean): void {
    this.#offer.hidden = !open
    this.#add.hidden = open
  }

  showPasskeys(passkeys: readonly Passkey[]): void {
    const newestFirst = [...passkeys].sort((a, b) => b.createdMs - a.createdMs)
    this.#list.replaceChildren(
      ...newestFirst.map((passkey) =>
        passkeyItem(
          {
            maker: passkey.aaguidDetails?.name,
            browser: passkey.sourceBrowser,
            os: passkey.sourceOS,
            createdMs: passkey.createdMs,
            lastUsedMs: passkey.lastUsedMs,
            synced: passkey.backupState,
          },
          'Delete',
          (name, button) => this.#actions.delete(passkey, name, button),
        ),
      ),
    )
    this.showState(passkeys.length === 0 ? 'You have no passkey yet.' : '')
  }

  /** Shows a line in place of the list. */
  showState(text: string): void {
    this.#state.textContent = text
    this.#state.hidden = text === ''
    if (text !== '') this.#list.replaceChildren()
  }
}
