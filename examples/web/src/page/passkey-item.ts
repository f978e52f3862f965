import { copyOf, part } from './element.js'
import { since } from './times.js'

/** What the page shows of a passkey. */
export interface ShownPasskey {
  /** The name of the password manager, if Corbado knows it. */
  readonly maker: string | null | undefined
  readonly browser: string | null
  readonly os: string | null
  readonly createdMs: number | null
  readonly lastUsedMs: number | null
  readonly synced: boolean
}

/** Returns an item for a list of passkeys, with a button. */
export function passkeyItem(
  passkey: ShownPasskey,
  action: 'Delete' | 'Revoke',
  onClick: (name: string, button: HTMLButtonElement) => void,
): HTMLElement {
  const { createdMs, lastUsedMs, synced } = passkey
  const item = copyOf('passkey-template')
  const name = nameOf(passkey)
  part(item, '[data-name]', HTMLElement).textContent = name
  part(item, '[data-synced]', HTMLElement).hidden = !synced
  part(item, '[data-created]', HTMLElement).textContent =
    createdMs === null ? 'Created at an unknown time' : `Created ${since(createdMs)}`
  part(item, '[data-used]', HTMLElement).textContent =
    lastUsedMs !== null && lastUsedMs > (createdMs ?? 0) ? `Last used ${since(lastUsedMs)}` : 'Not used yet'
  const button = part(item, 'button', HTMLButtonElement)
  button.textContent = action
  button.setAttribute('aria-label', `${action} ${name}`)
  button.addEventListener('click', () => onClick(name, button))
  return item
}

function nameOf({ maker, browser, os }: ShownPasskey): string {
  return `${maker || 'Passkey'} in ${browser ?? 'an unknown browser'} on ${os ?? 'an unknown device'}`
}
