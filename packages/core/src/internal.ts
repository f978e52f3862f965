// What the adapters are made of. Not part of the public API.

export { NodeHttp } from './http.js'
export { type AdapterParts, type ConnectApp, createAdapterParts } from './routes/adapter.js'
export { bodyError, maxBodyBytes, parseJsonBody } from './routes/body.js'
export { logsAsError } from './routes/events.js'
export type { RouteName } from './routes/options.js'
export { type RouteAnswer, Routes, type Visit } from './routes/pipeline.js'
export { warnOfUntrustedProxy } from './routes/proxy-warning.js'
export { type ResolvedRateLimit, rateLimited } from './routes/rate-limit.js'
export { RedisCounter } from './routes/redis-counter.js'
export { type RouteSchema, routeSchemas } from './routes/schemas.js'
