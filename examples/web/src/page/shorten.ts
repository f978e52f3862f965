/** Fields that are never shown, not even in part. */
const hidden = new Set(['password'])

/** Fields that are shortened, but can still be recognized. */
const secret = new Set([
  'signedPasskeyData',
  'connectToken',
  'appendTokenValue',
  'loginConnectToken',
  'accessToken',
  'session',
  'clientState',
  'newClientState',
  'newClientEnvHandle',
  'clientEnvHandle',
  'visitorId',
])

/** WebAuthn options and responses are sent as strings of JSON. The panel shows them as objects. */
const json = new Set([
  'attestationOptions',
  'assertionOptions',
  'conditionalUIChallenge',
  'attestationResponse',
  'assertionResponse',
])

/** Returns a copy that is safe to show: secrets and long strings are cut. */
export function shorten(value: unknown, name = ''): unknown {
  if (typeof value === 'string') return shortenText(value, name)
  if (Array.isArray(value)) return value.map((item) => shorten(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, shorten(field, key)]))
}

function shortenText(text: string, name: string): unknown {
  if (text === '') return text
  if (hidden.has(name)) return '••••••••'
  if (secret.has(name)) return `${text.slice(0, 9)}…`
  if (json.has(name)) {
    const parsed = parse(text)
    if (parsed !== undefined) return shorten(parsed)
  }
  return text.length > 48 ? `${text.slice(0, 24)}… (${text.length} characters)` : text
}

/** Parses JSON. Returns undefined if the string is not JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
