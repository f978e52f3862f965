import { element } from './element.js'

/** What a person can do with the account. */
export interface SettingsActions {
  signOutEverywhere(button: HTMLButtonElement): void
  deleteAccount(button: HTMLButtonElement): void
}

/** The settings at the end of the account. */
export class SettingsView {
  constructor(actions: SettingsActions) {
    const everywhere = element('sign-out-everywhere', HTMLButtonElement)
    const deletion = element('delete-account', HTMLButtonElement)
    everywhere.addEventListener('click', () => actions.signOutEverywhere(everywhere))
    deletion.addEventListener('click', () => actions.deleteAccount(deletion))
  }
}
