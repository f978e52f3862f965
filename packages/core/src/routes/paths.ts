/** The values of a path's parameters. */
export type PathParameters = Readonly<Record<string, string>>

/** Compares the path of a request, as it was sent, with the path of a route. Undefined if they differ. */
export type PathMatcher = (path: string) => PathParameters | undefined

const noParameters: PathParameters = {}

/**
 * Compiles the path of a route. `/:tenant/auth` has a parameter: exactly one segment, not empty. Everything else is
 * compared character by character; `/Path`, `/path/` and `/%70ath` are other paths than `/path`.
 */
export function pathMatcher(route: string): PathMatcher {
  if (!/[:*]/.test(route)) return (path) => (path === route ? noParameters : undefined)
  const segments = route.split('/')
  return (path) => {
    const sent = path.split('/')
    if (sent.length !== segments.length) return undefined
    const parameters: [name: string, value: string][] = []
    for (const [index, segment] of segments.entries()) {
      const value = sent[index] ?? ''
      if (/[:*]/.test(segment)) {
        const decoded = decode(value)
        if (decoded === undefined) return undefined
        parameters.push([segment.slice(1), decoded])
      } else if (value !== segment) return undefined
    }
    return Object.fromEntries(parameters)
  }
}

/** The path of a request target, without its query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** Whether a value is a path that starts with a slash and does not end with one. Its segments may be parameters (`:tenant`). */
export function isPath(value: unknown): value is string {
  return typeof value === 'string' && /^(\/(:[A-Za-z_][A-Za-z0-9_]*|[A-Za-z0-9._~-]+))+$/.test(value)
}

function decode(segment: string): string | undefined {
  if (segment === '') return undefined
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
