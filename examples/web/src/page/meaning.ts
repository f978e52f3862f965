import type { Call, Prompt } from './traffic.js'

/** Who takes part. */
export type Actor = 'Page' | 'App' | 'Corbado' | 'Device'

/** A step as the panel shows it. */
export interface Step {
  readonly from: Actor
  readonly to: Actor
  readonly title: string
  /** What it is for, or what happened. */
  readonly meaning?: string
  /** Method and path. */
  readonly call?: string
  readonly sent?: unknown
  readonly received?: unknown
  /** HTTP status, or in words. */
  readonly outcome: string
  readonly refused: boolean
  /** Takes place on the app's server, where this page cannot look. */
  readonly described?: true
}

/** What a call of this page means, and what the app did with Corbado meanwhile. */
export function stepsOf(call: Call): Step[] {
  const { method, url, status, sent, received } = call
  const to: Actor = url.origin === location.origin ? 'App' : 'Corbado'
  const known = (to === 'App' ? appCalls : corbadoCalls)[url.pathname]
  // Not being signed in is an answer to that question, too.
  const refused = (status ?? 500) >= 400 && !(status === 401 && url.pathname === '/me')
  const meaning = status !== null && status < 400 ? known?.meaning : refusal(to, call)
  const step: Step = {
    from: 'Page',
    to,
    title: known?.title ?? 'Calls',
    ...(meaning === undefined ? {} : { meaning }),
    call: `${method} ${url.pathname}`,
    outcome: status === null ? 'no answer' : String(status),
    refused,
    sent,
    received,
  }
  const onServer = known?.onServer?.(status, sent)
  return onServer ? [step, onServer] : [step]
}

export function stepOf({ kind, conditional, outcome }: Prompt): Step {
  const title =
    kind === 'create'
      ? 'Asks the device to create a passkey'
      : conditional
        ? 'A passkey was chosen in the autofill'
        : 'Asks the device to sign in with a passkey'
  const done =
    kind === 'create'
      ? 'The device made a key pair. The private key never leaves it; the public key goes to Corbado.'
      : 'The device checked that it is you and signed Corbado’s challenge.'
  const refused = outcome === 'refused'
  const meaning = refused ? 'The person, or the device, said no, or nobody answered in time.' : done
  return { from: 'Page', to: 'Device', title, meaning, outcome: refused ? 'refused' : 'done', refused }
}

interface Known {
  readonly title: string
  readonly meaning?: string
  readonly onServer?: (status: number | null, sent: unknown) => Step | undefined
}

const appCalls: Readonly<Record<string, Known>> = {
  '/me': { title: 'Asks who is signed in', meaning: 'The session cookie says it. No script can read that cookie.' },
  '/login': {
    title: 'Signs in with a password',
    meaning: 'The app set its session cookie: HttpOnly, Secure, SameSite=Lax, for this host alone.',
  },
  '/logout': { title: 'Signs out', meaning: 'The app dropped its session cookie.' },
  '/passkeyIdentifier': {
    title: 'Asks what Corbado knows this address by',
    meaning: 'The WebAuthn identifier stays the same when somebody changes their address.',
  },
  '/auth/createConnectToken': {
    title: 'Asks for a connect token',
    meaning: 'Good for one operation and a few minutes. Whose passkeys it is for, the session alone decides.',
    onServer: (status, sent) =>
      status === 200
        ? {
            from: 'App',
            to: 'Corbado',
            title: 'Creates the connect token',
            meaning: `With the API secret, which never leaves the server: type ${typeOf(sent)}, identifier of the signed-in user.`,
            call: 'POST /v2/connectTokens',
            outcome: 'on the server',
            refused: false,
            described: true,
          }
        : undefined,
  },
  '/auth/verifySignedPasskeyData': {
    title: 'Hands over the signedPasskeyData',
    meaning: 'The login is good: the app set its session cookie.',
    onServer: (status) =>
      status === 200
        ? {
            from: 'App',
            to: 'Corbado',
            title: 'Asks whether the login is genuine',
            meaning:
              'The app checked the token’s form and claims and reserved it, so that it works once. Corbado said “success”.',
            call: 'POST /v2/passkey/verifySignedData',
            outcome: 'on the server',
            refused: false,
            described: true,
          }
        : undefined,
  },
}

const corbadoCalls: Readonly<Record<string, Known>> = {
  '/v2/connect/login/init': {
    title: 'Prepares a login',
    meaning: 'Corbado decides whether to offer passkeys here, and gives a challenge for the autofill.',
  },
  '/v2/connect/login/start': {
    title: 'Starts the login',
    meaning: 'Corbado names the passkeys that fit, with a challenge.',
  },
  '/v2/connect/login/finish': {
    title: 'Hands over the device’s signature',
    meaning: 'Corbado checked it and signed a signedPasskeyData. Nobody is signed in yet: that is for the app to say.',
  },
  '/v2/connect/append/init': { title: 'Prepares a new passkey', meaning: 'Corbado decides whether to offer it here.' },
  '/v2/connect/append/start': {
    title: 'Spends the connect token',
    meaning: 'Corbado says for whom the passkey is to be, with a challenge.',
  },
  '/v2/connect/append/finish': { title: 'Hands over the public key', meaning: 'Corbado checked and stored it.' },
  '/v2/connect/manage/init': { title: 'Prepares the list' },
  '/v2/connect/manage/list': {
    title: 'Spends the connect token on the list',
    meaning: 'The page tells the device, which forgets the passkeys that are no more.',
  },
  '/v2/connect/manage/delete': { title: 'Spends the connect token on deleting one', meaning: 'The passkey is gone.' },
  '/v2/connect/events': { title: 'Reports how it went' },
  '/v2/connect/process/clear': { title: 'Drops a second login that it does not need' },
}

function typeOf(sent: unknown): string {
  return typeof sent === 'object' && sent !== null && 'type' in sent ? String(sent.type) : 'unknown'
}

function refusal(to: Actor, { status, url, received }: Call): string {
  if (status === null) return 'There was no answer.'
  if (status === 401 && url.pathname === '/me') return 'Nobody is: there is no session.'
  if (status === 409) return 'Refused: the app has seen this token before, and did not ask Corbado again.'
  if (status === 429) return 'Refused: too many requests.'
  return `${to} refused${reasonIn(received)}.`
}

function reasonIn(received: unknown): string {
  if (typeof received !== 'object' || received === null) return ''
  if ('code' in received) return ` with ${received.code}`
  if (
    'error' in received &&
    typeof received.error === 'object' &&
    received.error !== null &&
    'type' in received.error
  ) {
    return ` with ${received.error.type}`
  }
  return ''
}
