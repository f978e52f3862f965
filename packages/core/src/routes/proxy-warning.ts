let warned = false

/** Says once that every client shares the proxy's address while its header is not trusted. */
export function warnOfUntrustedProxy(): void {
  if (warned) return
  warned = true
  process.emitWarning(
    'X-Forwarded-For arrived, but no proxy is trusted: every client behind it shares one address and one rate limit. Set trustProxy (Fastify) or "trust proxy" (Express) to the addresses of your proxies.',
    { type: 'CorbadoConnectWarning', code: 'CORBADO_UNTRUSTED_PROXY' },
  )
}
