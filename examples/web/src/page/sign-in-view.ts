import { element } from './element.js'

/** What a person can do who is not signed in. */
export interface SignInActions {
  withPasskey(email: string, button: HTMLButtonElement): void
  again(button: HTMLButtonElement): void
  withPassword(email: string, password: string, button: HTMLButtonElement): void
  /** The field in which the browser offers passkeys has got the focus. */
  focused(): void
}

export class SignInView {
  readonly #section = element('sign-in', HTMLElement)
  readonly #title = element('sign-in-title', HTMLElement)
  readonly #again = element('sign-in-again', HTMLElement)
  readonly #passkeyButton = element('sign-in-passkey', HTMLButtonElement)
  readonly #email = new Field('email', 'Type your e-mail address, such as jane@example.com.')
  readonly #password = new Field('password', 'Type your password.')

  constructor(actions: SignInActions) {
    const passwordButton = element('sign-in-password', HTMLButtonElement)
    const againButton = element('sign-in-again-button', HTMLButtonElement)
    const withPasskey = () => {
      this.#password.accept()
      if (this.#email.check()) actions.withPasskey(this.#email.value, this.#passkeyButton)
    }
    this.#passkeyButton.addEventListener('click', withPasskey)
    againButton.addEventListener('click', () => actions.again(againButton))
    element('sign-in-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      // Enter in the address, with no password typed, can only mean the passkey.
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

  show(knowsLastLogin: boolean): void {
    this.#again.hidden = !knowsLastLogin
    // One way in stands out, the easiest one.
    this.#passkeyButton.classList.toggle('primary', !knowsLastLogin)
    this.#section.hidden = false
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

/** A field of the form and its own message. */
class Field {
  readonly #input: HTMLInputElement
  readonly #error: HTMLElement
  readonly #message: string

  constructor(id: string, message: string) {
    this.#input = element(id, HTMLInputElement)
    this.#error = element(`${id}-error`, HTMLElement)
    this.#message = message
    this.#input.addEventListener('input', () => this.accept())
  }

  get value(): string {
    return this.#input.value
  }

  set value(text: string) {
    this.#input.value = text
    this.accept()
  }

  /** Whether it is filled in well; otherwise it says so and gets the focus. */
  check(): boolean {
    if (this.#input.validity.valid) return true
    this.#input.setAttribute('aria-invalid', 'true')
    this.#error.textContent = this.#message
    this.#input.focus()
    return false
  }

  accept(): void {
    this.#input.removeAttribute('aria-invalid')
    this.#error.textContent = ''
  }
}
