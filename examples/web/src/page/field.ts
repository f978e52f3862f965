import { element } from './element.js'

/** A field of a form with its error message. */
export class Field {
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

  /** Returns whether the field is valid. If not, shows its error and moves the focus there. */
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
