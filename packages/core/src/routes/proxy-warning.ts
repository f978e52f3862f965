import { warnOnce } from '../warn-once.js'

/** Whose `X-Forwarded-For` the application believes. */
export type ProxyTrust = 'nobody' | 'everybody' | 'some'

/**
 * Warns once if `X-Forwarded-For` arrives while the application trusts no proxy, or every proxy.
 *
 * @param trust is asked only if the header is there
 */
export function checkForwardedFor(header: string | readonly string[] | undefined, trust: () => ProxyTrust): void {
  if (header === undefined) return
  const trusted = trust()
  if (trusted === 'nobody') {
    warnOnce(
      'CORBADO_UNTRUSTED_PROXY',
      'X-Forwarded-For arrived, but the proxy that sent it is not trusted: every client behind it shares one address and one rate limit. Set trustProxy (Fastify) or "trust proxy" (Express) to the addresses of your proxies.',
    )
  } else if (trusted === 'everybody') {
    warnOnce(
      'CORBADO_EVERY_PROXY_TRUSTED',
      'X-Forwarded-For arrived, and every proxy is trusted: clients can write any address into it and escape the rate limit. Set trustProxy (Fastify) or "trust proxy" (Express) to the addresses of your proxies instead of true.',
    )
  }
}

/** Warns once that Fastify 5.12 ignores a number of hops. */
export function warnOfHopCount(): void {
  warnOnce(
    'CORBADO_TRUST_PROXY_HOPS',
    'Fastify ignores a number as trustProxy: no proxy is trusted, so every client behind one shares its address. Set trustProxy to the addresses of your proxies.',
  )
}
