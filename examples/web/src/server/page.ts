import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder with the bundled script and styles. The app serves it under `/page/`. */
export const pageDirectory = fileURLToPath(new URL('../../dist/page/', import.meta.url))

/** The configuration that the app gives the page. */
export interface PageConfig {
  readonly projectId: string
  /** Origin of the Frontend API: the emulator's or a custom domain. Default: Corbado's own. */
  readonly frontendApi: string | undefined
  /** Corbado's clientState of an earlier login. */
  readonly clientState: string | undefined
  /** Whether the app has the routes of the support desk. Default: no. */
  readonly supportDesk?: boolean
}

/** The page with its configuration written into it, and the headers to send it with. */
export function renderPage(config: PageConfig): { html: string; headers: Record<string, string> } {
  const frontendApi = new URL(config.frontendApi ?? `https://${config.projectId}.frontendapi.cloud.corbado.io`).origin
  // Escape "<": it could end the script element early.
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
