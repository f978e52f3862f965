import type { HttpContext } from '@corbado-connect/core'
import { markMaps, markSetCookie, NodeHttp, symbolProperties } from '@corbado-connect/core/internal'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { HookReply } from './hook-reply.js'

/** Fastify's request and its reply. */
export interface FastifyPair {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

/** What every hook gets in Fastify. */
export interface FastifyContext extends HttpContext, FastifyPair {}

/** The context of a hook in a route or guard of the app. */
export function contextOf(pair: FastifyPair, projectId: string): FastifyContext {
  return { request: pair.request, reply: pair.reply, http: new FastifyHttp(pair, projectId) }
}

/** The context of a hook in our own routes, where it may send the reply itself. */
export function routeContextOf(pair: FastifyPair, projectId: string): FastifyContext {
  const hookReply = new HookReply()
  const http = new FastifyHttp(pair, projectId, hookReply)
  return { request: pair.request, reply: new Proxy(pair.reply, hookReply), http }
}

class FastifyHttp extends NodeHttp {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #hookReply: HookReply | undefined

  constructor({ request, reply }: FastifyPair, projectId: string, hookReply?: HookReply) {
    super(request.headers, projectId)
    this.#request = request
    this.#reply = reply
    this.#hookReply = hookReply
  }

  get ip(): string {
    return this.#request.ip ?? '' // despite its type, it is undefined on a Unix socket
  }

  get answered(): boolean {
    return this.#hookReply?.sent === true || this.#reply.sent || this.#reply.raw.headersSent
  }

  markCookies(): () => void {
    const reply = this.#reply
    const ofReply = {
      getHeader: (name: string) => reply.getHeader(name),
      removeHeader: (name: string) => void reply.removeHeader(name),
      // Fastify appends to a `set-cookie` that is there already.
      setHeader: (name: string, value: string) => reply.removeHeader(name).header(name, value).raw,
    }
    const restore = [markSetCookie(ofReply), markSetCookie(reply.raw), markMaps(() => pendingCookies(reply))]
    return () => {
      for (const undo of restore) undo()
    }
  }

  protected addSetCookie(header: string): void {
    this.#reply.header('set-cookie', header)
  }

  preventCaching(): void {
    this.#reply.header('cache-control', 'no-store')
  }
}

/** The cookies of `reply.setCookie`, which @fastify/cookie only writes to the response when it is sent. */
function pendingCookies(reply: FastifyReply): Map<unknown, unknown>[] {
  return symbolProperties(reply, 'fastify.reply.setCookies').filter((cookies) => cookies instanceof Map)
}
