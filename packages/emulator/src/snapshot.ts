import { defaults } from './options.js'
import { fingerprint } from './state/fingerprint.js'
import type { State } from './state/state.js'

/** The page shows so many of each kind, the newest first. */
const rowLimit = 50

/** What the page shows: never a secret, and times in milliseconds since 1970 by the emulator's clock. */
export function snapshot(state: State) {
  const { settings, clock, connectTokens } = state
  const now = clock.now()
  return {
    now,
    clockStopped: clock.stopped,
    projectId: settings.projectId,
    // The default secret is public; one of the user's own is not told.
    apiSecret: settings.apiSecret === defaults.apiSecret ? settings.apiSecret : fingerprint(settings.apiSecret),
    allowedOrigins: state.allowedOrigins,
    connectTokens: newest(connectTokens.all()).map(({ id, tokenType, data, connectTokenStatus, expires }) => ({
      id,
      type: tokenType,
      user: data.identifier,
      status: connectTokenStatus,
      expiresMs: expires * 1000,
    })),
    passkeys: newest(state.passkeys.all()).map(({ id, identifier, browser, os, createdMs, lastUsedMs }) => ({
      id,
      user: identifier,
      where: `${browser}, ${os}`,
      createdMs,
      lastUsedMs,
    })),
    logins: newest(state.logins.all()).map(({ challengeId, identifier, by, time, verdict }) => ({
      id: challengeId,
      user: identifier,
      by,
      time,
      verdict,
    })),
    requests: newest(state.requests.select()).map(({ requestID, method, path, status, time, fault, body }) => ({
      id: requestID,
      method,
      path,
      status,
      time,
      fault,
      body: body === undefined ? null : JSON.stringify(body, null, 2),
    })),
  }
}

const newest = <Item>(items: Item[]): Item[] => items.slice(-rowLimit).reverse()
