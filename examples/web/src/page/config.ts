import { element } from './element.js'

/** What the app has written into the page. */
export interface PageConfig {
  readonly projectId: string
  /** Origin of Corbado's Frontend API. */
  readonly frontendApi: string
  /** Corbado's clientState of an earlier login: a script cannot read the cookie that it is kept in. */
  readonly clientState?: string
}

export function readConfig(): PageConfig {
  return JSON.parse(element('config', HTMLScriptElement).text)
}
