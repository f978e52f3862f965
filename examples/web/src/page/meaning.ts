import type { Call, Prompt } from './traffic.js'

/** The parties of the protocol. */
export type Actor = 'Page' | 'App' | 'Corbado' | 'Device'

/** A step as the panel shows it. */
export interface Step {
  readonly from: Actor
  readonly to: Actor
  readonly title: string
  /** The purpose of the step, or what happened. */
  readonly meaning?: string
  /** Method and path. */
  readonly call?: string
  readonly sent?: unknown
  readonly received?: unknown
  /** HTTP status, or a word. */
  readonly outcome: string
  readonly failed: boolean
  /** Happens on the app's server, which this page cannot see. */
  readonly described?: true
}

/** Explains a call of this page, and what the app did with Corbado in the meantime. */
export function stepsOf(call: Call): Step[] {
  const { method, url, status, sent, received } = call
  const to: Actor = url.origin === location.origin ? 'App' : 'Corbado'
  const known = (to === 'App' ? appCalls : corbadoCalls)[url.pathname]
  // 401 is a normal answer to the question who is signed in.
  const failed = (status ?? 500) >= 400 && !(status === 401 && url.pathname === '/me')
  const meaning = status !== null && status < 400 ? meaningOf(known, received) : refusal(to, call)
  const step: Step = {
    from: 'Page',
    to,
    title: known?.title ?? 'Sends a request',
    ...(meaning === undefined ? {} : { meaning }),
    call: `${method} ${url.pathname}`,
    outcome: status === null ? 'no answer' : String(status),
    failed,
    sent,
    received,
  }
  const onServer = status === 200 ? known?.onServer?.(sent) : undefined
  return onServer ? [step, onServer] : [step]
}

/** Explains a passkey prompt. */
export function stepOf({ kind, conditional, outcome }: Prompt): Step {
  const title =
    kind === 'create'
      ? 'Asks the device to create a passkey'
      : conditional
        ? 'Receives the passkey that was chosen in the autofill'
        : 'Asks the device to sign in with a passkey'
  const meanings: Readonly<Record<Prompt['outcome'], string>> = {
    done:
      kind === 'create'
        ? 'The device created a key pair. The page receives only the public key, for Corbado.'
        : 'The device checked that it is you and signed Corbado’s challenge.',
    exists: 'The device already has a passkey for this account, so it created no second one.',
    closed: 'The prompt was closed or timed out.',
    failed: 'The device could not do this.',
  }
  const failed = outcome === 'failed'
  return { from: 'Page', to: 'Device', title, meaning: meanings[outcome], outcome, failed }
}

interface Known {
  readonly title: string
  readonly meaning?: string
  /** Replaces `meaning` when Corbado found no passkey for a login. */
  readonly withoutPasskey?: string
  /** What the app does on its server after this call, given what the page sent. */
  readonly onServer?: (sent: unknown) => Step
}

const onServer = (title: string, meaning: string, call: string): Step => ({
  from: 'App',
  to: 'Corbado',
  title,
  meaning,
  call,
  outcome: 'on the server',
  failed: false,
  described: true,
})

const appCalls: Readonly<Record<string, Known>> = {
  '/me': { title: 'Asks who is signed in', meaning: 'The app reads its session cookie. Scripts cannot read it.' },
  '/login': {
    title: 'Signs in with a password',
    meaning: 'The app set its session cookie: HttpOnly, Secure, SameSite=Lax, only for this host.',
  },
  '/logout': { title: 'Signs out', meaning: 'The app deleted its session cookie.' },
  '/passkeyIdentifier': {
    title: 'Asks for the identifier of this address',
    meaning: 'Corbado knows users by this identifier. It stays the same when the address changes.',
  },
  '/signOutEverywhere': {
    title: 'Ends all sessions',
    meaning: 'The app ended every session of this user. Other browsers find out at their next request.',
  },
  '/deleteAccount': {
    title: 'Deletes the account',
    meaning: 'The app deleted the user and ended all sessions.',
    onServer: () =>
      onServer(
        'Forgets the user',
        'The app found the user at Corbado and deleted the passkeys first, then the user.',
        'DELETE /v2/users/{userID}',
      ),
  },
  '/support/passkeys': {
    title: 'Asks for the passkeys of a customer',
    meaning: 'The app checked that the signed-in user works for support.',
    onServer: () =>
      onServer(
        'Lists the passkeys',
        'The app finds the user by the identifier, which only the app knows for this address.',
        'GET /v2/users/{userID}/credentials',
      ),
  },
  '/support/revokePasskey': {
    title: 'Revokes a passkey',
    meaning: 'The app ended the sessions that began with this passkey.',
    onServer: () =>
      onServer(
        'Deletes the passkey',
        'The app first made sure that this passkey belongs to this customer.',
        'DELETE /v2/users/{userID}/credentials/{id}',
      ),
  },
  '/auth/createConnectToken': {
    title: 'Asks for a connect token',
    meaning: 'Valid for one operation within a few minutes. The session determines the user.',
    onServer: (sent) =>
      onServer(
        'Creates the connect token',
        `The app uses its API secret, which never leaves the server. The token has the type ${typeOf(sent)} and the identifier of the signed-in user.`,
        'POST /v2/connectTokens',
      ),
  },
  '/auth/verifySignedPasskeyData': {
    title: 'Sends the signedPasskeyData to the app',
    meaning: 'The login is valid. The app set its session cookie.',
    onServer: () =>
      onServer(
        'Asks Corbado to verify the login',
        'First the app checked the claims of the token and reserved it, so that it works only once. Corbado answered “success”.',
        'POST /v2/passkey/verifySignedData',
      ),
  },
}

const corbadoCalls: Readonly<Record<string, Known>> = {
  '/v2/connect/login/init': {
    title: 'Prepares a login',
    meaning: 'Corbado decides whether to offer passkeys here, and sends a challenge for the autofill.',
  },
  '/v2/connect/login/start': {
    title: 'Starts the login',
    meaning: 'Corbado sends a challenge and the passkeys that can answer it.',
    withoutPasskey: 'Corbado has no passkey for this identifier. The page falls back to the password.',
  },
  '/v2/connect/login/finish': {
    title: 'Sends the device’s signature',
    meaning:
      'Corbado checked the signature and returned a signedPasskeyData. Nobody is signed in yet: the app decides that.',
    withoutPasskey: 'This passkey was deleted at Corbado. The device still has it.',
  },
  '/v2/connect/append/init': { title: 'Prepares a new passkey', meaning: 'Corbado decides whether to offer it here.' },
  '/v2/connect/append/start': {
    title: 'Uses the connect token to create a passkey',
    meaning: 'Corbado returns the user that the token was issued for, and a challenge.',
  },
  '/v2/connect/append/finish': { title: 'Sends the public key', meaning: 'Corbado checked it and stored it.' },
  '/v2/connect/manage/init': { title: 'Prepares the list' },
  '/v2/connect/manage/list': {
    title: 'Uses the connect token to list the passkeys',
    meaning: 'The page tells the device which passkeys exist. The device forgets the others.',
  },
  '/v2/connect/manage/delete': {
    title: 'Uses the connect token to delete a passkey',
    meaning: 'Corbado deleted the passkey.',
  },
  '/v2/connect/events': { title: 'Reports what happened' },
  '/v2/connect/process/clear': { title: 'Ends a login that was started twice' },
}

function meaningOf(known: Known | undefined, received: unknown): string | undefined {
  return member(received, 'fallbackOperationError', 'initFallback') === true
    ? (known?.withoutPasskey ?? known?.meaning)
    : known?.meaning
}

function typeOf(sent: unknown): string {
  return String(member(sent, 'type') ?? 'unknown')
}

function refusal(to: Actor, { status, url, received }: Call): string {
  if (status === null) return 'There was no answer.'
  if (status === 401 && url.pathname === '/me') return 'Nobody is signed in: there is no session.'
  if (status === 409) return 'The app refused: this token has been used before. It did not ask Corbado again.'
  if (status === 429) return 'Refused: too many requests.'
  const reason = member(received, 'code') ?? member(received, 'error', 'type')
  return reason === undefined ? `${to} refused.` : `${to} refused: ${reason}.`
}

/** A value inside a JSON body, or undefined. */
function member(body: unknown, ...path: readonly string[]): unknown {
  let value = body
  for (const name of path) value = typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
  return value
}
