// What the adapters are made of. Not part of the public API.
export { bodyError, maxBodyBytes, parseJsonBody } from './body.js'
export { readClientState } from './client-state.js'
export { ConnectFlows } from './connect.js'
export { Guards } from './guards.js'
export { refuseUnknownOptions } from './option-checks.js'
export { type RouteName, resolveOptions, type Settings } from './options.js'
export { warnOfUntrustedProxy } from './proxy-warning.js'
export { limiterFailed, type ResolvedRateLimit, rateLimited } from './rate-limit.js'
export { logsAsError } from './events.js'
export { type RouteAnswer, Routes, type Visit } from './routes.js'
export {
  connectTokenRequestSchema,
  connectTokenResponseSchema,
  errorResponseSchema,
  verifyRequestSchema,
} from './schemas.js'
