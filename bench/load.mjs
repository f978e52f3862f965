// The load generator: keeps a number of connections busy, and counts the answers.
import { createHistogram } from 'node:perf_hooks'
import { serveBenchmark } from './child.mjs'
import { openConnection } from './connection.mjs'
import { requestBytes } from './requests.mjs'

let answers = 0
let running = false
let left = 0
let allAnswered
let failure
let latency = createHistogram()

function start({ port, kind, headers, status, connections, count = Number.POSITIVE_INFINITY }) {
  const bytes = requestBytes(kind, headers)
  running = true
  left = count
  const done = new Promise((resolve) => (allAnswered = resolve))
  let open = count
  const load = {
    next() {
      if (!running || left <= 0) return undefined
      left -= 1
      return bytes()
    },
    answered(answer, ms) {
      answers += 1
      open -= 1
      if (answer !== status) failure ??= `${kind} was answered with ${answer || 'a broken connection'}`
      latency.record(Math.max(1, Math.round(ms * 1000)))
      if (open === 0) allAnswered()
    },
  }
  for (let index = 0; index < connections; index += 1) openConnection(port, load)
  return done
}

const state = () => {
  const percentile = (share) => latency.percentile(share) / 1000
  return { answers, failure, p50: percentile(50), p99: percentile(99) }
}

serveBenchmark('ready', {
  start(options) {
    void start(options)
    return state()
  },
  /** Sends exactly `count` requests and answers when all of them were answered. */
  async send(options) {
    await start(options)
    return state()
  },
  state,
  forgetLatencies() {
    latency = createHistogram()
    return state()
  },
  stop() {
    running = false
    return state()
  },
})
