import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder with the page's script and style, as the bundler wrote them; served below `/page/`. */
export const pageDirectory = fileURLToPath(new URL('../../dist/page/', import.meta.url))

/** What the app tells its page. */
export interface PageConfig {
  readonly projectId: string
  /** Corbado's Frontend API, where it is not Corbado's own: the emulator's, or a custom domain. */
  readonly frontendApi: string | undefined
  /** Corbado's clientState of an earlier login. */
  readonly clientState: string | undefined
}

/** The page with its configuration written into it, and the headers to send it with. */
export function renderPage(config: PageConfig): { html: string; headers: Record<string, string> } {
  const frontendApi = new URL(config.frontendApi ?? `https://${config.projectId}.frontendapi.cloud.corbado.io`).origin
  // In a script element of type JSON only "<" could end the element early.
  const json = JSON.stringify({ ...config, frontendApi }).replaceAll('<', '\\u003c')
  return {
    html: template().replace('"__CONFIG__"', () => json),
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self' ${frontendApi}; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    },
  }
}

let cachedTemplate: string | undefined
function template(): string {
  cachedTemplate ??= readFileSync(new URL('../../src/page/index.html', import.meta.url), 'utf8')
  return cachedTemplate
}
