import { element } from './element.js'

const notice = element('notice', HTMLElement)
const announcement = element('announcement', HTMLElement)

/** How a notice looks: red for failures, neutral for information, green for success. */
export type NoticeKind = 'failure' | 'information' | 'success'

export interface Notice {
  readonly kind: NoticeKind
  readonly text: string
}

/** Shows a notice. A screen reader interrupts its speech only for a failure. */
export function showNotice({ kind, text }: Notice): void {
  const paragraph = document.createElement('p')
  paragraph.className = `notice ${kind}`
  paragraph.textContent = text
  notice.setAttribute('role', kind === 'failure' ? 'alert' : 'status')
  notice.replaceChildren(paragraph)
}

/** Tells only screen readers, after their current sentence. */
export function announce(text: string): void {
  announcement.textContent = text
}

export function clearNotice(): void {
  notice.replaceChildren()
  announcement.textContent = ''
}
