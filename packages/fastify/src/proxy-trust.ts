import { type ProxyTrust, symbolProperties } from '@corbado-connect/core/internal'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Fastify's option `trustProxy`. Fastify does not publish it, so it is undefined if Fastify keeps it elsewhere one day. */
export function trustProxyOf(app: FastifyInstance): unknown {
  return Reflect.get(Object(symbolProperties(app, 'fastify.options')[0]), 'trustProxy')
}

/** Whose `X-Forwarded-For` counts for this request. */
export function proxyTrustOf(trustProxy: unknown, { ips = [] }: FastifyRequest): ProxyTrust {
  if (trustProxy === true) return 'everybody'
  // The first address is the one of the socket. By itself, it means that the header is not believed.
  return ips.length > 1 ? 'some' : 'nobody'
}
