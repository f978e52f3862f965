import { readFile } from 'node:fs/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { refuseOtherPages } from './api/own-origin.js'
import type { Server } from './api/server.js'
import { snapshot } from './snapshot.js'
import type { State } from './state/state.js'

const files = [
  { url: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { url: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  { url: '/page.js', file: 'page.js', type: 'text/javascript; charset=utf-8' },
] as const

const pageHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const

/** A load test changes something thousands of times a second; eyes need four. */
const pauseMs = 250

/** The emulator's own page at `/`: what is in it, live. */
export async function registerPage({ app }: Server, state: State): Promise<void> {
  const folder = new URL('../page/', import.meta.url)
  const contents = await Promise.all(files.map(({ file }) => readFile(new URL(file, folder))))

  app.register(async (page) => {
    page.addHook('onRequest', async (request, reply) => {
      reply.headers(pageHeaders)
      refuseOtherPages(request)
    })
    files.forEach(({ url, type }, index) => {
      page.get(url, async (_request, reply) => reply.type(type).send(contents[index]))
    })
    page.get('/live', (request, reply) => sendLive(request, reply, state))
    page.post('/reset', async (_request, reply) => {
      state.reset()
      return reply.code(204).send()
    })
  })
}

/** Server-sent events, see https://html.spec.whatwg.org/multipage/server-sent-events.html */
function sendLive(request: FastifyRequest, reply: FastifyReply, state: State): void {
  reply.hijack()
  reply.raw.writeHead(200, { ...pageHeaders, 'content-type': 'text/event-stream' })
  let timer: NodeJS.Timeout | undefined
  const send = (): void => {
    // A tab that sleeps gets the latest state when it reads again, not all that were in between.
    if (reply.raw.writableNeedDrain) {
      reply.raw.once('drain', send)
      return
    }
    timer = undefined
    reply.raw.write(`data: ${JSON.stringify(snapshot(state))}\n\n`)
  }
  const onChange = (): void => {
    timer ??= setTimeout(send, pauseMs)
  }
  send()
  state.changes.on('change', onChange)
  request.raw.socket.once('close', () => {
    state.changes.off('change', onChange)
    clearTimeout(timer)
  })
}
