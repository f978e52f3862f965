import { element } from './element.js'

const notice = element('notice', HTMLElement)
const announcement = element('announcement', HTMLElement)

/** Says what went wrong, where everybody sees it; a screen reader says it at once. */
export function refuse(text: string): void {
  show('refusal', text)
}

/** Says what has been done. */
export function tell(text: string): void {
  show('success', text)
}

/** Says something to a screen reader alone, when it has finished its sentence. */
export function announce(text: string): void {
  announcement.textContent = text
}

export function clearNotice(): void {
  notice.replaceChildren()
  announcement.textContent = ''
}

function show(kind: 'refusal' | 'success', text: string): void {
  const paragraph = document.createElement('p')
  paragraph.className = `notice ${kind}`
  paragraph.textContent = text
  notice.setAttribute('role', kind === 'refusal' ? 'alert' : 'status')
  notice.replaceChildren(paragraph)
}
