// What the adapters are made of. Not part of the public API.

export { NodeHttp } from './http.js'
export { type Adapter, type ConnectApp, createAdapter } from './routes/adapter.js'
export { bodyError, maxBodyBytes } from './routes/body.js'
export { logsAsError } from './routes/events.js'
export type { RouteName } from './routes/options.js'
export { type PathParameters, pathMatcher, pathOf } from './routes/paths.js'
export { type RouteAnswer, RoutePipeline } from './routes/pipeline.js'
export { checkForwardedFor, type ProxyTrust, warnOfHopCount } from './routes/proxy-warning.js'
export { type ResolvedRateLimit, rateLimited } from './routes/rate-limit.js'
export { RedisCounter } from './routes/redis-counter.js'
export type { RouteRequest } from './routes/route-request.js'
export { type RouteSchema, routeSchemas } from './routes/schemas.js'
