import { element } from './element.js'
import { Field } from './field.js'

/** What a person can do before signing in. */
export interface SignInActions {
  withPasskey(email: string, button: HTMLButtonElement): void
  again(button: HTMLButtonElement): void
  withPassword(email: string, password: string, button: HTMLButtonElement): void
  /** The field in which the browser offers passkeys has received the focus. */
  focused(): void
}

export class SignInView {
  readonly #section = element('sign-in', HTMLElement)
  readonly #title = element('sign-in-title', HTMLElement)
  readonly #again = element('sign-in-again', HTMLElement)
  readonly #form = element('sign-in-form', HTMLElement)
  readonly #otherWays = element('other-ways', HTMLButtonElement)
  readonly #passkeyButton = element('sign-in-passkey', HTMLButtonElement)
  readonly #email = new Field('email', 'Enter your e-mail address, such as jane@example.com.')
  readonly #password = new Field('password', 'Enter your password.')

  constructor(actions: SignInActions) {
    const passwordButton = element('sign-in-password', HTMLButtonElement)
    const againButton = element('sign-in-again-button', HTMLButtonElement)
    const withPasskey = () => {
      this.#password.accept()
      if (this.#email.check()) actions.withPasskey(this.#email.value, this.#passkeyButton)
    }
    this.#passkeyButton.addEventListener('click', withPasskey)
    againButton.addEventListener('click', () => actions.again(againButton))
    this.#otherWays.addEventListener('click', () => {
      this.showEveryWay()
      element('email', HTMLInputElement).focus()
    })
    element('sign-in-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      // Enter in the address field without a password means the passkey.
      if (document.activeElement?.id === 'email' && this.#password.value === '') return withPasskey()
      const complete = [this.#email.check(), this.#password.check()].every(Boolean)
      if (complete) actions.withPassword(this.#email.value, this.#password.value, passwordButton)
      else this.#section.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
    })
    element('email', HTMLInputElement).addEventListener('focus', () => actions.focused())
    for (const button of this.#section.querySelectorAll<HTMLButtonElement>('[data-email]')) {
      button.addEventListener('click', () => {
        this.#email.value = button.dataset.email ?? ''
        this.#password.value = button.dataset.password ?? ''
        element('email', HTMLInputElement).focus()
      })
    }
  }

  /**
   * Shows the view. When the browser knows who signed in last, one button is enough and the form is folded away.
   *
   * @param everyWay unfolds the form
   */
  show({ knowsLastLogin, everyWay }: { knowsLastLogin: boolean; everyWay: boolean }): void {
    const formIsOpen = !this.#section.hidden && !this.#form.hidden
    this.#again.hidden = !knowsLastLogin
    this.#otherWays.hidden = false
    this.#form.hidden = true
    if (!knowsLastLogin || everyWay || formIsOpen) this.showEveryWay()
    // Only the easiest way is highlighted.
    this.#passkeyButton.classList.toggle('primary', !knowsLastLogin)
    this.#section.hidden = false
  }

  /** Unfolds the form. */
  showEveryWay(): void {
    this.#otherWays.hidden = true
    this.#form.hidden = false
  }

  hide(): void {
    this.#section.hidden = true
    this.#password.value = ''
    this.#email.accept()
    this.#password.accept()
  }

  focus(): void {
    this.#title.focus()
  }
}
