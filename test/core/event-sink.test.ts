import { channel } from 'node:diagnostics_channel'
import t from 'tap'
import { EventSink } from './internals.js'

const outcome = { type: 'login.accepted', reason: 'ok' } as const

/** A source that counts how often it is read. */
function countingSource() {
  let reads = 0
  return {
    get startedAt() {
      reads += 1
      return performance.now()
    },
    reads: () => reads,
  }
}

t.test('without a listener an event is not even created', async (t) => {
  const source = countingSource()
  const sink = new EventSink(undefined, () => t.fail('an accepted login is not logged'))
  sink.emit(outcome, source, {})
  t.equal(source.reads(), 0)

  const noop = (): void => {}
  channel('corbado-connect:event').subscribe(noop)
  sink.emit(outcome, source, {})
  channel('corbado-connect:event').unsubscribe(noop)
  t.equal(source.reads(), 1, 'a subscriber is enough')
  sink.emit(outcome, source, {})
  t.equal(source.reads(), 1)
})

t.test('without onEvent, only requests are logged', async (t) => {
  const logged: unknown[] = []
  const sink = new EventSink<object>(
    undefined,
    (event, context, error) => void logged.push([event.type, context, error]),
  )
  const failed = { type: 'login.refused', reason: 'error', statusCode: 500 } as const
  const context = {}
  const error = new Error('down')
  sink.emit(outcome, countingSource(), context)
  sink.emit(failed, countingSource(), undefined, error)
  t.strictSame(logged, [])
  sink.emit(failed, countingSource(), context, error)
  sink.emit({ type: 'config.error', reason: 'config_certificate' }, countingSource(), context, error)
  t.strictSame(logged, [
    ['login.refused', context, error],
    ['config.error', context, error],
  ])
})
