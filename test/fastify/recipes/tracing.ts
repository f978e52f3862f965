import { subscribe, tracingChannel } from 'node:diagnostics_channel'
import type { ConnectEvent, CorbadoCallTrace } from '@corbado-connect/fastify'
import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

/** Makes each call to Corbado a span below the active one, and notes the outcome of a request on the active span. */
export function traceCorbado(): void {
  const tracer = trace.getTracer('corbado-connect')
  const spans = new WeakMap<CorbadoCallTrace, Span>()
  const ignore = (): void => {}
  tracingChannel<unknown, CorbadoCallTrace>('corbado-connect:call').subscribe({
    start(call) {
      const attributes = { 'corbado.project_id': call.projectId }
      spans.set(call, tracer.startSpan(`corbado ${call.operation}`, { kind: SpanKind.CLIENT, attributes }))
    },
    asyncEnd(call) {
      const span = spans.get(call)
      span?.setAttributes({
        'http.response.status_code': call.status,
        'corbado.request_id': call.requestId,
        'corbado.attempts': call.attempts,
      })
      if (call.error !== undefined) span?.setStatus({ code: SpanStatusCode.ERROR })
      span?.end()
    },
    end: ignore,
    asyncStart: ignore,
    error: ignore,
  })
  subscribe('corbado-connect:event', (message) => {
    const { type, reason, processId } = message as ConnectEvent
    const attributes = { 'corbado.event': type, 'corbado.reason': reason, 'corbado.process_id': processId }
    trace.getActiveSpan()?.setAttributes(attributes)
  })
}
