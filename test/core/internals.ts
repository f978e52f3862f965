// What the core does not export, loaded from the very files that its public entry loads, so that coverage counts them.
type EventSinks = typeof import('../../packages/core/dist/routes/event-sink.js')
type Identifier = typeof import('../../packages/core/dist/identifier.js')
type LocalCheck = typeof import('../../packages/core/dist/signed-passkey-data.js')
type Origin = typeof import('../../packages/core/dist/routes/origin.js')
type RateLimit = typeof import('../../packages/core/dist/routes/rate-limit.js')
type NameLookup = typeof import('../../packages/core/dist/corbado/name-lookup.js')
type UpstreamLimits = typeof import('../../packages/core/dist/corbado/upstream-limit.js')
type Redact = typeof import('../../packages/core/dist/redact.js')
type MemoryCounters = typeof import('../../packages/core/dist/routes/memory-counter.js')
type Retry = typeof import('../../packages/core/dist/corbado/retry.js')
type RouteSchemas = typeof import('../../packages/core/dist/routes/schemas.js')
type Utf8Json = typeof import('../../packages/core/dist/utf8-json.js')

const fileOf = (name: string): string => new URL(name, import.meta.resolve('@corbado-connect/core')).href

const localCheck: LocalCheck = await import(fileOf('signed-passkey-data.js'))
const eventSink: EventSinks = await import(fileOf('routes/event-sink.js'))
const identifier: Identifier = await import(fileOf('identifier.js'))
const redact: Redact = await import(fileOf('redact.js'))
const routeSchemasModule: RouteSchemas = await import(fileOf('routes/schemas.js'))
const origin: Origin = await import(fileOf('routes/origin.js'))
const rateLimit: RateLimit = await import(fileOf('routes/rate-limit.js'))
const nameLookup: NameLookup = await import(fileOf('corbado/name-lookup.js'))
const upstreamLimit: UpstreamLimits = await import(fileOf('corbado/upstream-limit.js'))
const memoryCounter: MemoryCounters = await import(fileOf('routes/memory-counter.js'))
const retry: Retry = await import(fileOf('corbado/retry.js'))
const utf8Json: Utf8Json = await import(fileOf('utf8-json.js'))

export const { checkSignedPasskeyData } = localCheck
export const { isIdentifier } = identifier
export const { withoutSecrets } = redact
export const { checkOrigin, isOrigin } = origin
export const { addressKey, widerNetwork } = rateLimit
// Classes whose private state their types keep to themselves.
export const EventSink: EventSinks['EventSink'] = eventSink.EventSink
export const RetryBudget: Retry['RetryBudget'] = retry.RetryBudget
export const UpstreamLimit: UpstreamLimits['UpstreamLimit'] = upstreamLimit.UpstreamLimit
export const { reusingLookup } = nameLookup
export const { backOffMs, retryAfterSeconds } = retry
export const { parseUtf8Json } = utf8Json
export const { connectTokenRequestSchema, isConnectTokenRequest, isVerifyRequest, verifyRequestSchema } =
  routeSchemasModule
export const MemoryCounter: MemoryCounters['MemoryCounter'] = memoryCounter.MemoryCounter
