import { createServer, type RequestListener } from 'node:http'
import { inspect } from 'node:util'
import { corbadoConnect as expressConnect } from '@corbado-connect/express'
import { cookieSession, corbadoConnect } from '@corbado-connect/fastify'
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import express from 'express'
import Fastify from 'fastify'
import t, { type Test } from 'tap'
import { loadExpress4 } from '../support/express4.js'
import { Page } from './browser.js'
import {
  connectTokenPath,
  findUser,
  jane,
  ken,
  listen,
  listenExpress,
  type Project,
  secret,
  startProject,
  verifyPath,
} from './project.js'
import { traceCorbado } from './recipes/tracing.js'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
// Sets the context manager that is based on AsyncLocalStorage.
provider.register()
traceCorbado()
t.teardown(() => provider.shutdown())

/** Makes a span of each incoming request and runs the request in it, as `@opentelemetry/instrumentation-http` does. */
function inServerSpan(handle: RequestListener): RequestListener {
  const tracer = trace.getTracer('http')
  return (request, response) => {
    const span = tracer.startSpan(`${request.method} ${request.url}`, { kind: SpanKind.SERVER })
    response.on('close', () => span.end())
    context.with(trace.setSpan(context.active(), span), () => handle(request, response))
  }
}

const optionsOf = ({ client }: Project) => ({ client, findUser, session: cookieSession({ secret }), onEvent() {} })
const express4 = await loadExpress4()

/** Servers, each with a span around every request. @returns where it listens */
const servers = {
  async Fastify(t: Test, project: Project): Promise<string> {
    const app = Fastify({ serverFactory: (handle) => createServer(inServerSpan(handle)) })
    await app.register(corbadoConnect, optionsOf(project))
    return listen(t, app)
  },
  async 'Express 5'(t: Test, project: Project): Promise<string> {
    const auth = expressConnect(optionsOf(project))
    return listenExpress(t, inServerSpan(express().use(auth)), auth)
  },
  async 'Express 4'(t: Test, project: Project): Promise<string> {
    const auth = express4.adapter.corbadoConnect(optionsOf(project))
    return listenExpress(t, inServerSpan(express4.express().use(auth)), auth)
  },
}

/** The spans of incoming requests and of calls to Corbado, once all of them have ended. */
async function finishedSpans(requests: number): Promise<{ incoming: ReadableSpan[]; outgoing: ReadableSpan[] }> {
  const ofKind = (kind: SpanKind) => exporter.getFinishedSpans().filter((span) => span.kind === kind)
  // The answer may arrive before the server notices that its response is closed.
  while (ofKind(SpanKind.SERVER).length < requests) await new Promise((resolve) => setTimeout(resolve, 5))
  const spans = { incoming: ofKind(SpanKind.SERVER), outgoing: ofKind(SpanKind.CLIENT) }
  exporter.reset()
  return spans
}

for (const [name, start] of Object.entries(servers)) {
  t.test(`${name}: one trace from the incoming request to the call to Corbado`, async (t) => {
    const project = await startProject(t)
    const { corbado } = project
    const url = await start(t, project)
    exporter.reset()

    const page = new Page(url)
    const login = await corbado.signIn(jane.identifier, { claims: { processId: 'pro-1' } })
    t.equal((await page.post(verifyPath, { signedPasskeyData: login })).status, 200)
    const { json, status } = await page.post(connectTokenPath, { type: 'passkey-append' })
    t.equal(status, 200)
    const { incoming, outgoing } = await finishedSpans(2)
    t.strictSame(
      incoming.map((span) => [span.name, span.parentSpanContext, span.attributes]),
      [
        [
          `POST ${verifyPath}`,
          undefined,
          { 'corbado.event': 'login.accepted', 'corbado.reason': 'ok', 'corbado.process_id': 'pro-1' },
        ],
        [`POST ${connectTokenPath}`, undefined, { 'corbado.event': 'connect_token.issued', 'corbado.reason': 'ok' }],
      ],
    )
    t.strictSame(
      outgoing.map((span) => [span.name, span.parentSpanContext?.spanId, span.spanContext().traceId]),
      [
        ['corbado passkeys.verifySignedData', incoming[0]?.spanContext().spanId, incoming[0]?.spanContext().traceId],
        ['corbado connectTokens.create', incoming[1]?.spanContext().spanId, incoming[1]?.spanContext().traceId],
      ],
    )
    for (const { attributes, status } of outgoing) {
      t.match(attributes, {
        'corbado.project_id': corbado.projectId,
        'http.response.status_code': 200,
        'corbado.attempts': 1,
      })
      t.equal(status.code, SpanStatusCode.UNSET)
    }

    const spans = inspect([...incoming, ...outgoing].map(readable), { depth: 10 })
    const session = page.cookieHeader.split('=')[1] ?? ''
    for (const secret of [login, json.connectToken, session, corbado.apiSecret, jane.identifier, jane.displayName]) {
      t.ok(typeof secret === 'string' && secret.length > 5 && !spans.includes(secret), 'no token, secret or name')
    }
  })

  t.test(`${name}: a failure, and requests at the same time`, async (t) => {
    const project = await startProject(t)
    const { corbado } = project
    const url = await start(t, project)
    exporter.reset()

    const fault = corbado.fault({ route: 'passkeys.verifySignedData', kind: 'status', status: 401 })
    await new Page(url).post(verifyPath, { signedPasskeyData: await corbado.signIn(jane.identifier) })
    fault.remove()
    const failed = await finishedSpans(1)
    t.match(failed.incoming[0]?.attributes, {
      'corbado.event': 'config.error',
      'corbado.reason': 'config_upstream_401',
    })
    t.match(failed.outgoing[0], {
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'http.response.status_code': 401, 'corbado.request_id': corbado.requests().at(-1)?.requestID },
    })

    const logins = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const processId = `pro-${index}`
        return corbado.signIn((index % 2 === 0 ? jane : ken).identifier, { claims: { processId } })
      }),
    )
    await Promise.all(logins.map((signedPasskeyData) => new Page(url).post(verifyPath, { signedPasskeyData })))
    const { incoming, outgoing } = await finishedSpans(20)
    const parents = outgoing.map((span) => span.parentSpanContext?.spanId)
    t.same(
      new Set(parents),
      new Set(incoming.map((span) => span.spanContext().spanId)),
      'each request has its own call',
    )
    t.equal(new Set(parents).size, 20)
    t.equal(new Set(incoming.map((span) => span.attributes['corbado.process_id'])).size, 20)
  })
}

function readable({ name, attributes, events, links, status }: ReadableSpan): unknown {
  return { name, attributes, events, links, status }
}
