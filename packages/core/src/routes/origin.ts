import { CorbadoError } from '../errors.js'

/** What the origin rule looks at. Node joins repeated headers by a comma, which no origin contains. */
export interface OriginHeaders {
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
}

/** Whose pages may call, and whether a request without any trace of a browser may. */
export interface OriginRule {
  readonly allowedOrigins: readonly string[]
  readonly allowNonBrowserClients: boolean
}

/**
 * The rule against CSRF and login CSRF. `Host` is never compared: proxies rewrite it.
 *
 * @throws CorbadoError `CORBADO_ORIGIN_NOT_ALLOWED`
 * @see https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
 */
export function checkOrigin({ origin, secFetchSite }: OriginHeaders, rule: OriginRule): void {
  if (origin !== undefined) {
    if (!isOrigin(origin)) throw notAllowed('origin_malformed')
    if (rule.allowedOrigins.includes(origin)) return
  }
  if (secFetchSite === 'same-origin' || secFetchSite === 'none') return
  if (origin !== undefined) throw notAllowed('origin_foreign')
  if (secFetchSite !== undefined) throw notAllowed('site_foreign')
  if (!rule.allowNonBrowserClients) throw notAllowed('non_browser_client')
}

/** Whether a text is one origin as browsers send it: scheme, host and port, lower case, nothing behind. */
export function isOrigin(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,*\\]+$/.test(text)) return false
  // Schemes of app frameworks (capacitor://localhost) have no origin of their own in the URL standard.
  if (!/^https?:/.test(text)) return text === text.toLowerCase()
  return URL.canParse(text) && new URL(text).origin === text
}

function notAllowed(reason: string): CorbadoError {
  return new CorbadoError('ORIGIN_NOT_ALLOWED', { reason })
}
