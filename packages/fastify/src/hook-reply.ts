import type { FastifyReply } from 'fastify'

/**
 * Shows a reply to hooks in a form that they can return and send.
 *
 * Fastify's reply is awaited until it is sent: an async hook that returns it unsent would wait forever, so `then` is
 * hidden. The reply looks unsent until all `onSend` hooks of the app have run, so a call of `send` is noted.
 */
export class HookReply implements ProxyHandler<FastifyReply> {
  /** Whether a hook has called `send`. */
  sent = false

  get(reply: FastifyReply, name: string | symbol, view: unknown): unknown {
    if (name === 'then') return undefined
    if (name !== 'send') return Reflect.get(reply, name)
    return (payload?: unknown): unknown => {
      reply.send(payload)
      this.sent = true
      return view
    }
  }

  set(reply: FastifyReply, name: string | symbol, value: unknown): boolean {
    return Reflect.set(reply, name, value)
  }
}
