/** Replies that hooks have sent. */
const sent = new WeakSet<object>()

/**
 * Lends Fastify's reply to hooks. It is awaited until it is sent: without hiding `then`, a hook that returns it unsent would
 * wait for ever. It looks unsent until all `onSend` hooks of the app are through: that `send` was called is noted.
 */
export async function withHookReply<Result>(
  reply: { send(payload?: unknown): unknown },
  work: () => Promise<Result>,
): Promise<Result> {
  const { send } = reply
  const notedSend = (payload?: unknown): unknown => {
    const result = send.call(reply, payload)
    sent.add(reply)
    return result
  }
  Object.defineProperty(reply, 'then', { value: undefined, configurable: true })
  Object.defineProperty(reply, 'send', { value: notedSend, configurable: true })
  try {
    return await work()
  } finally {
    Reflect.deleteProperty(reply, 'then')
    Reflect.deleteProperty(reply, 'send')
  }
}

/** Whether a hook has sent this reply. */
export function sentByHook(reply: object): boolean {
  return sent.has(reply)
}
