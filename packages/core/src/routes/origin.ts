import { CorbadoError, type Reason } from '../errors.js'
import { assertOptionalBoolean, optionError } from '../option-checks.js'

/** The headers that the origin rule reads. Node joins repeated headers with a comma, which no origin contains. */
export interface OriginHeaders {
  readonly origin: string | undefined
  readonly secFetchSite: string | undefined
}

/** Which pages may call, and whether clients other than browsers may. */
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

/** Whether a string is one origin as browsers send it: scheme, host and port in lower case, and nothing else. */
export function isOrigin(text: string): boolean {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s/?#@,*\\]+$/.test(text)) return false
  // Schemes of app frameworks (capacitor://localhost) have no origin of their own in the URL standard.
  if (!/^https?:/.test(text)) return text === text.toLowerCase()
  return URL.canParse(text) && new URL(text).origin === text
}

/** @param strategyAllows the default of `allowNonBrowserClients` @throws TypeError that names the option */
export function resolveOriginRule(
  options: { readonly allowedOrigins?: unknown; readonly allowNonBrowserClients?: boolean | undefined },
  strategyAllows: boolean,
): OriginRule {
  const { allowedOrigins = [], allowNonBrowserClients = strategyAllows } = options
  assertOptionalBoolean('corbadoConnect.allowNonBrowserClients', allowNonBrowserClients)
  if (
    !Array.isArray(allowedOrigins) ||
    !allowedOrigins.every((origin) => typeof origin === 'string' && isOrigin(origin))
  ) {
    throw optionError(
      'corbadoConnect.allowedOrigins',
      'must be an array of exact origins, such as https://app.example.com, without a path or wildcard',
    )
  }
  return { allowedOrigins: [...allowedOrigins], allowNonBrowserClients }
}

function notAllowed(reason: Reason): CorbadoError {
  return new CorbadoError('ORIGIN_NOT_ALLOWED', { reason })
}
