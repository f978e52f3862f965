import { ConnectErrorType } from '@corbado/web-core'
import { AppError, AppUnreachable, SessionNotKept } from './api.js'
import { NoPasskey, NotOffered, PasskeyDeleted, PasskeyError } from './passkeys.js'

/** What a person was doing when it went wrong. */
export type Doing = 'signing in' | 'creating a passkey' | 'listing' | 'deleting' | 'signing out'

/** Says what happened and what to do now, in words for a person who has never heard of WebAuthn. */
export function explain(error: unknown, doing: Doing): string {
  if (error instanceof AppError) return explainApp(error, doing)
  if (error instanceof AppUnreachable) return 'The app cannot be reached. Check your connection and try again.'
  if (error instanceof PasskeyError) return explainPasskey(error, doing)
  if (error instanceof SessionNotKept) {
    return 'Your browser did not keep the session. Open the app by https, or at localhost, and allow its cookie.'
  }
  if (error instanceof NoPasskey) return 'No passkey was found for this account. Sign in with your password instead.'
  if (error instanceof PasskeyDeleted) {
    return 'This passkey was deleted from your account. Use another one, or your password.'
  }
  if (error instanceof NotOffered) return 'Passkeys are not available in this browser. Your password still works.'
  return 'Something unexpected happened. Load the page again and try once more.'
}

/** By the codes of docs/errors.md. */
const byCode: Readonly<Record<string, string>> = {
  CORBADO_NOT_AUTHENTICATED: 'Your session has ended. Sign in again.',
  CORBADO_PASSKEY_REJECTED: 'This passkey login was not accepted. Try again, or sign in with your password.',
  CORBADO_ORIGIN_NOT_ALLOWED: 'This page is not allowed to do that here. Open the app at its own address.',
  CORBADO_TYPE_NOT_ALLOWED: 'This app does not allow that.',
  CORBADO_NOT_AUTHORIZED: 'This app does not allow that at the moment. Sign in again and retry.',
  CORBADO_TOKEN_ALREADY_USED: 'This login was used before. For your safety, start again.',
  CORBADO_SESSION_FAILED: 'Your passkey was accepted, but signing in failed on our side. Start again.',
  CORBADO_OUTCOME_UNKNOWN: 'We could not find out whether your login went through. You are not signed in; start again.',
  CORBADO_UPSTREAM_REJECTED: 'The passkey service refused. Your password still works.',
  CORBADO_UPSTREAM_INVALID_RESPONSE: 'The passkey service is not well. Your password still works.',
  CORBADO_UPSTREAM_TIMEOUT: 'The passkey service takes too long. Try again in a moment.',
  CORBADO_SHUTTING_DOWN: 'The app is restarting. Try again in a moment.',
}

function explainApp({ status, code, retryAfterSeconds }: AppError, doing: Doing): string {
  if (status === 429) return `Too many attempts. Try again ${inSeconds(retryAfterSeconds)}.`
  const byItsCode = byCode[code ?? '']
  if (byItsCode !== undefined) return byItsCode
  if (status === 503) return `The passkey service is not available. Try again ${inSeconds(retryAfterSeconds)}.`
  if (status === 401 && doing === 'signing in') return 'The e-mail address or the password is wrong.'
  if (status === 401) return 'Your session has ended. Sign in again.'
  if (status < 500) return 'The app did not understand this request. Load the page again and try once more.'
  return 'The app has a problem. Try again in a moment.'
}

function explainPasskey({ type, corbadoType }: PasskeyError, doing: Doing): string {
  if (corbadoType !== undefined) return explainCorbado(corbadoType, doing)
  switch (type) {
    case ConnectErrorType.Cancel:
      if (doing === 'signing in') return 'You are not signed in: the passkey prompt was closed or ran out of time.'
      return 'No passkey was created: the prompt was closed or ran out of time.'
    case ConnectErrorType.ExcludeCredentialsMatch:
      return 'This device already has a passkey for your account. You can use it to sign in.'
    case ConnectErrorType.SecurityError:
      return 'Passkeys do not work at this address. Open the app at its own address, by its name.'
    case ConnectErrorType.MissingInit:
    case ConnectErrorType.RequestTimeout:
    case ConnectErrorType.RaceTimeout:
      return 'The passkey service cannot be reached. Check your connection, or use your password.'
    case ConnectErrorType.InvalidState:
      return 'The passkey could not be used. Try again, or use your password.'
  }
}

function explainCorbado(corbadoType: string, doing: Doing): string {
  if (corbadoType === 'rate_limited') return 'Too many attempts. Wait a moment and try again.'
  if (corbadoType === 'login_error') return 'The permission for this has expired or was used before. Try again.'
  if (corbadoType === 'not_found' && doing === 'signing in') {
    return 'This passkey was deleted from your account. Use another one, or your password.'
  }
  if (corbadoType === 'not_found') return 'This passkey is gone already.'
  if (corbadoType === 'internal_error') return 'The passkey service has a problem. Try again, or use your password.'
  return 'The passkey service did not accept this. Try again, or use your password.'
}

function inSeconds(seconds: number | undefined): string {
  if (seconds === undefined) return 'in a moment'
  if (seconds > 90) return `in ${Math.ceil(seconds / 60)} minutes`
  return seconds === 1 ? 'in one second' : `in ${seconds} seconds`
}
