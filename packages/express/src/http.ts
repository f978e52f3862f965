import type { HttpContext } from '@corbado-connect/core'
import { markSetCookie, NodeHttp } from '@corbado-connect/core/internal'
import type { Request, Response } from 'express'

/** Express's request and its response. */
export interface ExpressPair {
  readonly req: Request
  readonly res: Response
}

/** What every hook gets in Express. */
export interface ExpressContext extends HttpContext, ExpressPair {}

/** The context of a hook. */
export function contextOf({ req, res }: ExpressPair, projectId: string): ExpressContext {
  return { req, res, http: new ExpressHttp(req, res, projectId) }
}

class ExpressHttp extends NodeHttp {
  readonly #req: Request
  readonly #res: Response

  constructor(req: Request, res: Response, projectId: string) {
    super(req.headers, projectId)
    this.#req = req
    this.#res = res
  }

  get ip(): string {
    return this.#req.ip ?? ''
  }

  get answered(): boolean {
    return this.#res.headersSent
  }

  markCookies(): () => void {
    return markSetCookie(this.#res)
  }

  protected addSetCookie(header: string): void {
    this.#res.appendHeader('Set-Cookie', header)
  }

  preventCaching(): void {
    this.#res.setHeader('cache-control', 'no-store')
  }
}
