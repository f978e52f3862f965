import dns, { type LookupAddress, type LookupOptions } from 'node:dns'

/** How long a client reuses the addresses of its host, in milliseconds. */
const keptMs = 5000

/** What `net.connect` and `tls.connect` take as `lookup`. */
export type Lookup = (
  hostname: string,
  options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void,
) => void

/** Lookups under way, of all clients: a resolver that does not answer holds one thread of the process per name. */
const underWay = new Map<string, Promise<LookupAddress[]>>()

/**
 * A `lookup` for the connections of one client. It shares lookups under way and reuses addresses for a few seconds;
 * failures are not kept.
 *
 * It uses `dns.lookup`, so `/etc/hosts`, search domains and everything else that the system configures still applies.
 * The package `cacheable-lookup` asks name servers itself, and undici's `dns` interceptor does not share lookups and can
 * send a request twice.
 */
export function reusingLookup(): Lookup {
  let kept: { readonly key: string; readonly addresses: LookupAddress[]; readonly until: number } | undefined

  return (hostname, options, callback) => {
    const key = `${hostname} ${options.family} ${options.hints}`
    const answer = (addresses: LookupAddress[]) => {
      if (options.all) callback(null, addresses)
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family)
    }
    if (kept?.key === key && performance.now() < kept.until) {
      // Sockets may not be ready for an answer before their `lookup` has returned.
      process.nextTick(answer, kept.addresses)
      return
    }
    lookupOnce(key, hostname, options).then(
      (addresses) => {
        kept = { key, addresses, until: performance.now() + keptMs }
        answer(addresses)
      },
      (error) => callback(error, []),
    )
  }
}

function lookupOnce(key: string, hostname: string, options: LookupOptions): Promise<LookupAddress[]> {
  const known = underWay.get(key)
  if (known !== undefined) return known
  const lookup = new Promise<LookupAddress[]>((resolve, reject) => {
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      underWay.delete(key)
      if (error === null) resolve(addresses)
      else reject(error)
    })
  })
  underWay.set(key, lookup)
  return lookup
}
