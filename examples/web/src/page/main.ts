import { AccountView } from './account-view.js'
import {
  AppError,
  deleteAccount,
  findCustomer,
  type Profile,
  revokePasskey,
  SessionNotKept,
  signInWithPassword,
  signOut,
  signOutEverywhere,
  whoAmI,
} from './api.js'
import { readConfig } from './config.js'
import { confirmDeletion } from './confirm.js'
import { element } from './element.js'
import { type Doing, explain } from './messages.js'
import { announce, clearNotice, showNotice } from './notices.js'
import { Passkeys } from './passkeys.js'
import { SettingsView } from './settings-view.js'
import { SignInView } from './sign-in-view.js'
import { SupportView } from './support-view.js'
import { type News, Tabs } from './tabs.js'
import { WhatHappened } from './what-happened.js'

const whatHappened = new WhatHappened()
const config = readConfig()
const passkeys = new Passkeys(config)
const tabs = new Tabs((news) => void hear(news))

let signedIn: Profile | null = null
/** One action at a time: a second click is ignored, and news from another tab waits. */
let busy = false
let unheard: News | undefined
let autofill: AbortController | undefined

const signInView = new SignInView({
  withPasskey: (email, button) =>
    act('Signing in with a passkey', 'signing in', button, async () => {
      await passkeys.signIn(email)
      await enter()
    }),
  again: (button) =>
    act('Signing in with a passkey', 'signing in', button, async () => {
      await passkeys.signInAgain()
      await enter()
    }),
  withPassword: (email, password, button) =>
    act('Signing in with the password', 'signing in', button, async () => {
      await signInWithPassword(email, password)
      await enter({ offer: true })
    }),
  focused: () => void offerAutofill(),
})

const accountView = new AccountView({
  create: (button) =>
    act('Creating a passkey', 'creating a passkey', button, async () => {
      await passkeys.create()
      accountView.offerPasskey(false)
      tabs.tell('passkeys')
      await list()
      accountView.focusList()
      succeed('Your passkey is ready. Next time, sign in with it.')
    }),
  delete: async (passkey, name, button) => {
    const sure = await confirmDeletion({
      title: 'Delete this passkey?',
      text: `You will no longer be able to sign in with “${name}”. This cannot be undone.`,
      confirm: 'Delete',
    })
    if (!sure) return
    await act('Deleting a passkey', 'deleting', button, async () => {
      await passkeys.delete(passkey)
      tabs.tell('passkeys')
      await list()
      accountView.focusList()
      succeed('The passkey was deleted.')
    })
  },
  signOut: (button) =>
    act('Signing out', 'signing out', button, async () => {
      await signOut()
      tabs.tell('session')
      leave()
      succeed('You are signed out.')
    }),
})

new SettingsView({
  signOutEverywhere: (button) =>
    act('Signing out everywhere', 'signing out', button, async () => {
      await signOutEverywhere()
      tabs.tell('session')
      leave()
      succeed('You are signed out in every browser and app.')
    }),
  deleteAccount: async (button) => {
    const sure = await confirmDeletion({
      title: 'Delete your account?',
      text: 'Your account and all its passkeys are deleted. This cannot be undone.',
      confirm: 'Delete my account',
    })
    if (!sure) return
    await act('Deleting the account', 'deleting the account', button, async () => {
      await deleteAccount()
      passkeys.forgetLastLogin()
      tabs.tell('session')
      leave()
      succeed('Your account was deleted. You can also remove its passkeys from your password manager.')
    })
  },
})

const supportView = new SupportView({
  find: (email, button) =>
    act('Finding a customer', 'finding a customer', button, async () => {
      supportView.showCustomer(email, await findCustomer(email))
    }),
  revoke: async (email, { id }, name, button) => {
    const sure = await confirmDeletion({
      title: 'Revoke this passkey?',
      text: `The customer can no longer sign in with “${name}”, and is signed out where it was used. This cannot be undone.`,
      confirm: 'Revoke',
    })
    if (!sure) return
    await act('Revoking a passkey', 'deleting', button, async () => {
      await revokePasskey(email, id)
      supportView.showCustomer(email, await findCustomer(email))
      succeed('The passkey was revoked.')
    })
  },
})

element('support-account', HTMLElement).hidden = config.supportDesk !== true
whatHappened.begin('Opening the page')
await start()

async function start(): Promise<void> {
  try {
    const profile = await whoAmI()
    if (profile === null) showSignIn()
    else await showAccount(profile)
  } catch (error) {
    showSignIn()
    showNotice(explain(error, 'listing'))
  } finally {
    element('loading', HTMLElement).remove()
  }
}

/** Does what the person asked for, and explains what goes wrong. */
async function act(title: string, doing: Doing, button: HTMLButtonElement, task: () => Promise<void>): Promise<void> {
  if (busy) return
  busy = true
  autofill?.abort()
  clearNotice()
  whatHappened.begin(title)
  // Not `disabled`: that would take the focus away from people who use the keyboard.
  button.setAttribute('aria-disabled', 'true')
  try {
    await task()
  } catch (error) {
    if (signedIn && error instanceof AppError && error.status === 401) leave()
    else if (!signedIn) showSignIn({ everyWay: doing === 'signing in' })
    showNotice(explain(error, doing))
  } finally {
    button.removeAttribute('aria-disabled')
    becomeIdle()
  }
}

function becomeIdle(): void {
  busy = false
  if (unheard !== undefined) void hear(unheard)
}

/** Shows the account after the app has created a session. */
async function enter({ offer = false } = {}): Promise<void> {
  const profile = await whoAmI()
  if (profile === null) throw new SessionNotKept()
  tabs.tell('session')
  await showAccount(profile, offer)
  accountView.focus()
  announce('You are signed in.')
}

function leave(): void {
  showSignIn()
  signInView.focus()
}

/** @param everyWay shows the whole form, also when one click with the last passkey would be enough */
function showSignIn({ everyWay = false } = {}): void {
  signedIn = null
  accountView.hide()
  supportView.hide()
  signInView.show({ knowsLastLogin: passkeys.knowsLastLogin, everyWay })
  void offerAutofill()
}

async function showAccount(profile: Profile, offer = false): Promise<void> {
  signedIn = profile
  signInView.hide()
  accountView.show(profile)
  if (config.supportDesk && profile.role === 'support') supportView.show()
  else supportView.hide()
  const count = await list()
  accountView.offerPasskey(offer && count === 0)
}

/** @returns how many passkeys there are, or undefined when the list fails; the rest of the page still works */
async function list(): Promise<number | undefined> {
  try {
    const found = await passkeys.list()
    accountView.showPasskeys(found)
    return found.length
  } catch (error) {
    if (error instanceof AppError && error.status === 401) throw error
    accountView.showState(`Your passkeys cannot be shown. ${explain(error, 'listing').text}`)
    return undefined
  }
}

/** Lets the browser offer passkeys in the form. */
async function offerAutofill(): Promise<void> {
  if (signedIn || (autofill && !autofill.signal.aborted)) return
  const offer = new AbortController()
  autofill = offer
  let chosen = false
  try {
    const done = await passkeys.autofill(offer, () => {
      chosen = true
      busy = true
      clearNotice()
    })
    if (done) await enter()
  } catch (error) {
    signInView.showEveryWay()
    showNotice(explain(error, 'signing in'))
  } finally {
    offer.abort()
    if (chosen) becomeIdle()
  }
}

/** Tells the person that an action succeeded. */
function succeed(text: string): void {
  showNotice({ kind: 'success', text })
}

/** Handles news from another tab: it signed in or out, or changed the passkeys. */
async function hear(news: News): Promise<void> {
  if (busy) {
    unheard = unheard === 'session' ? 'session' : news
    return
  }
  unheard = undefined
  whatHappened.begin('News from another tab')
  try {
    const profile = await whoAmI()
    if (profile === null && signedIn) {
      leave()
      showNotice({ kind: 'information', text: 'You signed out in another tab.' })
    } else if (profile !== null) {
      autofill?.abort()
      clearNotice()
      await showAccount(profile)
    }
  } catch (error) {
    showNotice(explain(error, 'listing'))
  }
}
