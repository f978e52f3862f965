import { element } from './element.js'

/** Asks before deleting. Escape and "Keep it" cancel. */
export function confirmDeletion(text: string): Promise<boolean> {
  const dialog = element('confirm', HTMLDialogElement)
  element('confirm-text', HTMLElement).textContent = text
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
      ({ submitter }) => answer(submitter instanceof HTMLButtonElement && submitter.value === 'delete'),
      { signal: asked.signal },
    )
  })
}
