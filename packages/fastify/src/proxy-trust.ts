import type { ProxyTrust } from '@corbado-connect/core/internal'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Fastify's option `trustProxy`. Fastify does not publish it, so it is undefined if Fastify keeps it elsewhere one day. */
export function trustProxyOf(app: FastifyInstance): unknown {
  // An encapsulated instance inherits from the one that has the options.
  for (let owner: object | null = app; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    const symbol = Object.getOwnPropertySymbols(owner).find(({ description }) => description === 'fastify.options')
    if (symbol === undefined) continue
    const options: unknown = Reflect.get(owner, symbol)
    return typeof options === 'object' && options !== null ? Reflect.get(options, 'trustProxy') : undefined
  }
  return undefined
}

/** Whose `X-Forwarded-For` counts for this request. */
export function proxyTrustOf(trustProxy: unknown, { ips = [] }: FastifyRequest): ProxyTrust {
  if (trustProxy === true) return 'everybody'
  // The first address is the one of the socket. Alone, it means that its header is not believed.
  return ips.length > 1 ? 'some' : 'nobody'
}
