import { element } from './element.js'

/** What to ask. */
export interface Question {
  readonly title: string
  readonly text: string
  /** The button that confirms. */
  readonly confirm: string
}

/** Asks before something is deleted. Escape and "Keep it" cancel. */
export function confirmDeletion({ title, text, confirm }: Question): Promise<boolean> {
  const dialog = element('confirm', HTMLDialogElement)
  element('confirm-title', HTMLElement).textContent = title
  element('confirm-text', HTMLElement).textContent = text
  element('confirm-button', HTMLElement).textContent = confirm
  dialog.showModal()
  const asked = new AbortController()
  return new Promise((resolve) => {
    const answer = (confirmed: boolean): void => {
      asked.abort()
      resolve(confirmed)
    }
    // Do not use the `close` event: it fires later and could answer the next question.
    dialog.addEventListener('cancel', () => answer(false), { signal: asked.signal })
    dialog.addEventListener(
      'submit',
      ({ submitter }) => answer(submitter instanceof HTMLButtonElement && submitter.value === 'confirm'),
      { signal: asked.signal },
    )
  })
}
