import { element } from './element.js'

/** Asks before something is deleted. Escape and "Keep it" say no. */
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
    // Not by `close`: that event comes later, and could answer the next question.
    dialog.addEventListener('cancel', () => answer(false), { signal: asked.signal })
    dialog.addEventListener(
      'submit',
      ({ submitter }) => answer(submitter instanceof HTMLButtonElement && submitter.value === 'delete'),
      { signal: asked.signal },
    )
  })
}
