import { EventEmitter } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { type ConnectEvent, type ConnectUser, CorbadoClient, type HttpContext } from '@corbado-connect/core'
import { createAdapter } from '@corbado-connect/core/internal'
import t from 'tap'
import { apiSecret, projectId } from './corbado-calls.js'
import { newContext } from './http-context.js'
import { ScriptedUpstream } from './scripted-upstream.js'

/** As much of a response as the pipeline looks at. */
class FakeResponse extends EventEmitter {
  shouldKeepAlive = true
  destroyed = false
  socket = { destroyed: false, destroy: () => this.leave() }

  leave(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.socket.destroyed = true
    this.emit('close')
  }
}

const jsonFrom = (secFetchSite: string) => ({ 'sec-fetch-site': secFetchSite, 'content-type': 'application/json' })

function newPipeline() {
  const events: string[] = []
  const summary = ({ type, reason }: ConnectEvent) => `${type} ${reason}`
  const dispatcher = new ScriptedUpstream(() => ({ status: 200, body: '{}' }))
  const { pipeline } = createAdapter<ConnectUser, HttpContext, HttpContext, { readonly headers: IncomingHttpHeaders }>(
    {
      findUser: (identifier) => ({ identifier }),
      session: { getUser: () => null, createSession: () => ({}) },
      client: new CorbadoClient({ projectId, apiSecret, backendApi: 'http://127.0.0.1:1', dispatcher }),
      onEvent: (event) => void events.push(summary(event)),
    },
    { contextOf: (context) => context, logEvent: () => {} },
  )
  const start = (headers: Record<string, string>, response = new FakeResponse()) => {
    const context = newContext(headers)
    const request = pipeline.start('verify', context, response)
    return { request, response }
  }
  return { pipeline, start, events }
}

t.test('no step can be skipped', async (t) => {
  const { pipeline, start } = newPipeline()
  const { request } = start(jsonFrom('cross-site'))
  t.throws(() => pipeline.admit(request), /cannot be admitted before it is identified: it is started/)
  await t.rejects(pipeline.answer(request, {}), /cannot be answering before it is admitted/)
  await t.rejects(pipeline.identify(request), { code: 'CORBADO_ORIGIN_NOT_ALLOWED' })
  t.throws(() => pipeline.admit(request), /it is started/, 'a refused request is not identified')

  const { request: allowed } = start(jsonFrom('same-origin'))
  await pipeline.identify(allowed)
  await t.rejects(pipeline.identify(allowed), /it is identified/, 'nor can a step be repeated')
  await t.rejects(pipeline.answer(allowed, {}), /it is identified/)
  pipeline.admit(allowed)
  await t.rejects(pipeline.answer(allowed, {}), { code: 'CORBADO_INVALID_REQUEST' })
})

t.test('a client that left before the first step', async (t) => {
  const { pipeline, start, events } = newPipeline()
  const response = new FakeResponse()
  response.leave()
  const { request } = start(jsonFrom('same-origin'), response)
  t.strictSame(events, ['login.refused client_left'])
  await t.rejects(pipeline.identify(request), { code: 'CORBADO_INVALID_REQUEST' })
  pipeline.refuse(request, new Error('later'))
  response.emit('close')
  t.equal(events.length, 1, 'one event')
  t.equal(response.listenerCount('close'), 0)
  await pipeline.close()
})

t.test('a client that leaves between two steps', async (t) => {
  const { pipeline, start, events } = newPipeline()
  const { request, response } = start(jsonFrom('same-origin'))
  await pipeline.identify(request)
  response.leave()
  t.throws(() => pipeline.admit(request), { code: 'CORBADO_INVALID_REQUEST' })
  t.strictSame(events, ['login.refused client_left'])
  await pipeline.close()
})

t.test('closing', async (t) => {
  const { pipeline, start, events } = newPipeline()
  const { request, response } = start(jsonFrom('same-origin'))
  await pipeline.identify(request)
  const closed = pipeline.close()
  t.equal(response.shouldKeepAlive, false, 'the connection of a request in flight ends with its answer')
  const { request: late, response: lateResponse } = start(jsonFrom('same-origin'))
  t.equal(lateResponse.shouldKeepAlive, false)
  await t.rejects(pipeline.identify(late), { code: 'CORBADO_SHUTTING_DOWN' })
  pipeline.refuse(late, new Error('closing'))
  pipeline.admit(request)
  await t.rejects(pipeline.answer(request, '{'), { code: 'CORBADO_INVALID_REQUEST' })
  pipeline.refuse(request, new Error('no JSON'))
  await closed
  t.equal(events.length, 2)
})
