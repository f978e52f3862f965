import { docsLink } from '../docs-link.js'
import type { Reason } from '../errors.js'
import type { ConnectEvent, Outcome } from './events.js'

/** A line for the log. The text holds nothing of the request. */
export interface EventLogLine {
  readonly level: 'error' | 'warn'
  readonly text: string
}

/** What to do, for the reasons that a newcomer meets first. */
const advice: { readonly [reason in Reason]?: string } = {
  config_upstream_401:
    'Corbado refused the credentials: check CORBADO_PROJECT_ID and CORBADO_API_SECRET (or CORBADO_API_KEY).',
  config_upstream_403: 'The API key needs the permissions connect_tokens:write and passkeys:verify.',
  config_upstream_404: 'Corbado does not know this path: check `backendApi` and `verifySignedDataPath`.',
  config_upstream_405: 'Corbado does not know this path: check `backendApi` and `verifySignedDataPath`.',
  config_certificate:
    "Corbado's certificate is not trusted: check proxies, CA certificates and the clock of this server.",
  local_issuer:
    'The login belongs to another Corbado project: use the same project ID in the page and in CORBADO_PROJECT_ID.',
  local_expired: 'The login token has expired: if this happens often, check the clock of this server.',
  local_not_yet_valid: 'The login token is not valid yet: check the clock of this server.',
  invalid_signature: 'The login token was not signed by this Corbado project.',
  user_mismatch: 'The passkey belongs to another user than expected.',
  user_not_found: '`findUser` returned nobody for this identifier, or a user with another `identifier`.',
  user_without_identifier: '`findUser` and `getUser` must return a user with `identifier`: map your own key to it.',
  user_display_name: "The user's `displayName` must be a string of at most 256 characters.",
  no_user: 'There is no session: sign in first.',
  origin_foreign: 'The page has another origin: list it in `allowedOrigins`.',
  site_foreign: 'The page has another origin: list it in `allowedOrigins`.',
  non_browser_client:
    'Send the header `Sec-Fetch-Site: same-origin`, as a browser does, or set `allowNonBrowserClients`.',
  type: 'List this type in `tokenTypes`.',
  sign_in_time_unknown: '`freshLogin` needs a session whose `describeSession` returns `signedInAt` in Unix seconds.',
  content_type: 'Send the header `Content-Type: application/json`.',
}

/** Whether an outcome is an error of the deployment rather than of the client. */
export function isFailure({ type, statusCode }: Pick<ConnectEvent, 'type' | 'statusCode'>): boolean {
  return type === 'config.error' || (statusCode ?? 0) >= 500
}

/** Whether an outcome is logged if there is no `onEvent`: failures always, refusals outside production. */
export function isLogged(outcome: Outcome): boolean {
  return isFailure(outcome) || (outcome.reason !== 'ok' && process.env.NODE_ENV !== 'production')
}

/** What the log says about an event. */
export function eventLogLine(event: ConnectEvent): EventLogLine {
  const { type, reason, code } = event
  const link = code === undefined ? docsLink('events', 'Reasons') : docsLink('errors', code)
  const parts = [`Corbado Connect: ${type} (${reason}).`, advice[reason], `See ${link}`]
  return { level: isFailure(event) ? 'error' : 'warn', text: parts.filter((part) => part !== undefined).join(' ') }
}
