import { element } from './element.js'

/** Asks before something is deleted. Escape and "Keep it" say no. */
export function confirmDeletion(text: string): Promise<boolean> {
  const dialog = element('confirm', HTMLDialogElement)
  element('confirm-text', HTMLElement).textContent = text
  dialog.returnValue = 'keep'
  dialog.showModal()
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'delete'), { once: true })
  })
}
