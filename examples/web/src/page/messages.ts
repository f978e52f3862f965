import { ConnectErrorType } from '@corbado/web-core'
import { AppError, AppUnreachable, SessionNotKept } from './api.js'
import type { Notice } from './notices.js'
import { NoPasskey, NotOffered, PasskeyDeleted, PasskeyError } from './passkeys.js'

/** What the person was doing. */
export type Doing =
  | 'signing in'
  | 'creating a passkey'
  | 'listing'
  | 'deleting'
  | 'deleting the account'
  | 'finding a customer'
  | 'signing out'

/** Explains an error in plain words: what happened and what to do now. */
export function explain(error: unknown, doing: Doing): Notice {
  return { kind: isInformation(error) ? 'information' : 'failure', text: textFor(error, doing) }
}

/** Nothing failed: the person closed a prompt, or the passkey is not there, or it is there already. */
function isInformation(error: unknown): boolean {
  if (error instanceof PasskeyError) return informative.has(error.type) && error.corbadoType === undefined
  return error instanceof NoPasskey || error instanceof NotOffered
}

const informative: ReadonlySet<ConnectErrorType> = new Set([
  ConnectErrorType.Cancel,
  ConnectErrorType.ExcludeCredentialsMatch,
])

function textFor(error: unknown, doing: Doing): string {
  if (error instanceof AppError) return explainApp(error, doing)
  if (error instanceof AppUnreachable) return 'The app cannot be reached. Check your connection and try again.'
  if (error instanceof PasskeyError) return explainPasskey(error, doing)
  if (error instanceof SessionNotKept) {
    return 'Your browser did not keep the session. Open the app with https or at localhost, and allow its cookie.'
  }
  if (error instanceof NoPasskey) return 'There is no passkey for this account yet. Sign in with your password.'
  if (error instanceof PasskeyDeleted) {
    return doing === 'deleting'
      ? 'This passkey has already been deleted.'
      : 'This passkey has been deleted from your account. Use another passkey or your password.'
  }
  if (error instanceof NotOffered) return 'Passkeys are not available in this browser. Use your password.'
  return 'Something unexpected happened. Reload the page and try again.'
}

/** Messages by the codes of docs/errors.md. */
const byCode: Readonly<Record<string, string>> = {
  CORBADO_NOT_AUTHENTICATED: 'Your session has ended. Sign in again.',
  CORBADO_PASSKEY_REJECTED: 'The passkey login was not accepted. Try again, or sign in with your password.',
  CORBADO_ORIGIN_NOT_ALLOWED: 'This page is not allowed to do that. Open the app at its own address.',
  CORBADO_TYPE_NOT_ALLOWED: 'This app does not allow that.',
  CORBADO_NOT_AUTHORIZED: 'Sign in again and try once more.',
  CORBADO_FRESH_LOGIN_REQUIRED: 'Sign in again first, then try once more.',
  CORBADO_TOKEN_ALREADY_USED: 'This login has been used before. Sign in again.',
  CORBADO_SESSION_FAILED: 'Your passkey was accepted, but the app could not sign you in. Sign in again.',
  CORBADO_OUTCOME_UNKNOWN: 'You are not signed in: the app got no answer about your passkey. Sign in again.',
  CORBADO_UPSTREAM_REJECTED: 'The passkey service refused the request. Use your password.',
  CORBADO_UPSTREAM_INVALID_RESPONSE: 'The passkey service has a problem. Use your password.',
  CORBADO_UPSTREAM_TIMEOUT: 'The passkey service did not answer in time. Try again in a moment.',
  CORBADO_SHUTTING_DOWN: 'The app is restarting. Try again in a moment.',
}

function explainApp({ status, code, retryAfterSeconds }: AppError, doing: Doing): string {
  if (status === 404 && doing === 'finding a customer') return 'There is no customer with this address.'
  if (status >= 500 && doing === 'deleting the account') return 'Your account was not deleted. Try again in a moment.'
  if (status === 429) return `Too many attempts. Try again ${inSeconds(retryAfterSeconds)}.`
  const byItsCode = byCode[code ?? '']
  if (byItsCode !== undefined) return byItsCode
  if (status === 503) return `The passkey service is not available. Try again ${inSeconds(retryAfterSeconds)}.`
  if (status === 401 && doing === 'signing in') return 'The e-mail address or the password is wrong.'
  if (status === 401) return 'Your session has ended. Sign in again.'
  if (status < 500) return 'The app did not understand this request. Reload the page and try again.'
  return 'The app has a problem. Try again in a moment.'
}

function explainPasskey({ type, corbadoType }: PasskeyError, doing: Doing): string {
  if (corbadoType !== undefined) return explainCorbado(corbadoType)
  switch (type) {
    case ConnectErrorType.Cancel:
      if (doing === 'signing in') return 'The passkey prompt was closed or timed out. You are not signed in.'
      return 'The passkey prompt was closed or timed out. No passkey was created.'
    case ConnectErrorType.ExcludeCredentialsMatch:
      return 'This device already has a passkey for your account. You can use it to sign in.'
    case ConnectErrorType.SecurityError:
      return 'Passkeys do not work at this address. Open the app at its own address.'
    case ConnectErrorType.MissingInit:
    case ConnectErrorType.RequestTimeout:
    case ConnectErrorType.RaceTimeout:
      return 'The passkey service cannot be reached. Check your connection, or use your password.'
    case ConnectErrorType.InvalidState:
      return 'The passkey could not be used. Try again, or use your password.'
  }
}

function explainCorbado(corbadoType: string): string {
  if (corbadoType === 'rate_limited') return 'Too many attempts. Wait a moment and try again.'
  if (corbadoType === 'login_error') return 'The permission for this has expired. Try again.'
  if (corbadoType === 'internal_error') return 'The passkey service has a problem. Try again, or use your password.'
  return 'The passkey service did not accept this. Try again, or use your password.'
}

function inSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return 'in a moment'
  if (seconds > 90) return `in ${Math.ceil(seconds / 60)} minutes`
  return seconds === 1 ? 'in one second' : `in ${seconds} seconds`
}
