import { defaults } from './options.js'
import { fingerprint } from './state/fingerprint.js'
import type { RecordedRequest } from './state/requests.js'
import type { State } from './state/state.js'

/** How many of each kind the page shows, newest first. */
const rowLimit = 50

/** What the page shows: never a secret, and times in milliseconds since 1970 by the emulator's clock. */
export function snapshot(state: State) {
  const { settings, clock, connectTokens } = state
  const now = clock.now()
  return {
    now,
    clockStopped: clock.stopped,
    projectId: settings.projectId,
    // The default secret is public. Your own is shortened.
    apiSecret: settings.apiSecret === defaults.apiSecret ? settings.apiSecret : fingerprint(settings.apiSecret),
    allowedOrigins: state.allowedOrigins,
    connectTokens: newest(connectTokens.all()).map(({ id, tokenType, data, connectTokenStatus, expires }) => ({
      id,
      type: tokenType,
      ...shownUser(state, data.identifier),
      status: connectTokenStatus,
      expiresMs: expires * 1000,
    })),
    passkeys: newest(state.passkeys.all()).map(({ id, identifier, browser, os, createdMs, lastUsedMs }) => ({
      id,
      ...shownUser(state, identifier),
      where: `${browser}, ${os}`,
      createdMs,
      lastUsedMs,
    })),
    logins: newest(state.logins.all()).map(({ challengeId, identifier, by, time, verdict }) => ({
      id: challengeId,
      ...shownUser(state, identifier),
      by,
      time,
      verdict,
    })),
    requests: newest(foldPreflights(state.requests.select())).map(
      ({ requestID, method, path, status, time, fault, warning, body, preflight }) => ({
        id: requestID,
        method,
        path,
        status,
        time,
        fault,
        warning,
        preflight,
        body: body === undefined ? null : JSON.stringify(body, null, 2),
      }),
    ),
  }
}

/** The display name beside the identifier, which is often a UUID. */
function shownUser(state: State, identifier: string): { user: string; name: string | null } {
  const name = state.users.nameOf(identifier)
  return { user: identifier, name: name === undefined || name === identifier ? null : name }
}

/** Half of a page's requests are CORS preflights. One that was allowed and led to its request becomes a mark on it. */
function foldPreflights(requests: readonly RecordedRequest[]): (RecordedRequest & { preflight: boolean })[] {
  const waiting = new Map<string, RecordedRequest>()
  const folded = new Set<RecordedRequest>()
  const withPreflight = new Set<RecordedRequest>()
  for (const request of requests) {
    if (request.method === 'OPTIONS') {
      if (request.status === 204) waiting.set(request.path, request)
      continue
    }
    const preflight = waiting.get(request.path)
    if (preflight === undefined) continue
    waiting.delete(request.path)
    folded.add(preflight)
    withPreflight.add(request)
  }
  return requests
    .filter((request) => !folded.has(request))
    .map((request) => ({ ...request, preflight: withPreflight.has(request) }))
}

const newest = <Item>(items: Item[]): Item[] => items.slice(-rowLimit).reverse()
