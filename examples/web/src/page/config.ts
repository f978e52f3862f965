import { element } from './element.js'

/** The configuration that the app writes into the page. */
export interface PageConfig {
  readonly projectId: string
  /** Origin of Corbado's Frontend API. */
  readonly frontendApi: string
  /** Corbado's clientState of an earlier login: scripts cannot read the cookie that stores it. */
  readonly clientState?: string
  /** Whether the app has the routes of the support desk. */
  readonly supportDesk?: boolean
}

export function readConfig(): PageConfig {
  return JSON.parse(element('config', HTMLScriptElement).text)
}
