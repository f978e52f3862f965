import type { HttpContext } from '@corbado-connect/core'
import { NodeHttp } from '@corbado-connect/core/internal'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sentByHook } from './hook-reply.js'

/** A request and its reply. */
export interface Exchange {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** What every hook gets in Fastify. */
export interface FastifyContext extends HttpContext, Exchange {}

/** The facade over Fastify's request and reply. */
export class FastifyHttp extends NodeHttp {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply

  constructor({ request, reply }: Exchange, projectId: string) {
    super(request.headers, projectId)
    this.#request = request
    this.#reply = reply
  }

  get ip(): string {
    return this.#request.ip ?? '' // of a Unix socket there is none, whatever its type says
  }

  get answered(): boolean {
    return sentByHook(this.#reply) || this.#reply.sent || this.#reply.raw.headersSent
  }

  protected addSetCookie(header: string): void {
    this.#reply.header('set-cookie', header)
  }

  preventCaching(): void {
    this.#reply.header('cache-control', 'no-store')
  }
}
