/** Fields that never appear, not even in part. */
const hidden = new Set(['password'])

/** Fields of which enough is left to recognise them. */
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

/** Options and answers of a passkey travel as text that holds JSON; the panel shows them as what they are. */
const json = new Set([
  'attestationOptions',
  'assertionOptions',
  'conditionalUIChallenge',
  'attestationResponse',
  'assertionResponse',
])

/** A copy that can be shown: secrets and long texts are cut, so that what is shown is of no use to anybody. */
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

/** What a text holds as JSON, or undefined. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
