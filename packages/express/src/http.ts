import type { HttpContext } from '@corbado-connect/core'
import { NodeHttp } from '@corbado-connect/core/internal'
import type { Request, Response } from 'express'

/** A request and its response. */
export interface Exchange {
  readonly req: Request
  readonly res: Response
}

/** What every hook gets in Express. */
export interface ExpressContext extends HttpContext, Exchange {}

/** The facade over Express's request and response. */
export class ExpressHttp extends NodeHttp {
  readonly #exchange: Exchange

  constructor(exchange: Exchange, projectId: string) {
    super(exchange.req.headers, projectId)
    this.#exchange = exchange
  }

  get ip(): string {
    return this.#exchange.req.ip ?? ''
  }

  get answered(): boolean {
    return this.#exchange.res.headersSent || this.#exchange.res.writableEnded
  }

  protected addSetCookie(header: string): void {
    this.#exchange.res.append('Set-Cookie', header)
  }

  preventCaching(): void {
    this.#exchange.res.set('cache-control', 'no-store')
  }
}
