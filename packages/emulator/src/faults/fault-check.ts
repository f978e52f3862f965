import { isRecord } from '../wire/fields.js'
import { isRouteName } from '../wire/operations.js'
import type { Fault } from './faults.js'

const commonFields = ['route', 'kind', 'count', 'skip', 'latencyMs']

/** The fields that each kind takes besides the common ones. */
const fieldsByKind: Readonly<Record<Fault['kind'], readonly string[]>> = {
  latency: [],
  status: ['when', 'status', 'errorType', 'headers', 'body'],
  reset: ['when'],
  close: ['when'],
  hang: ['when'],
  garbage: ['when', 'bytes', 'repeat', 'ending'],
  truncate: [],
  drip: ['everyMs'],
}

const isKind = (value: unknown): value is Fault['kind'] =>
  typeof value === 'string' && Object.hasOwn(fieldsByKind, value)

/** A misspelt fault that never strikes would make a test pass for nothing. */
export function checkFault(fault: unknown): asserts fault is Fault {
  if (!isRecord(fault)) throw new TypeError('fault must be an object')
  const { route, kind } = fault
  if (route !== '*' && !(typeof route === 'string' && isRouteName(route))) {
    throw new TypeError(`fault.route must be an operation such as connectTokens.create, or *, not ${route}`)
  }
  if (!isKind(kind)) throw new TypeError(`fault.kind must be one of ${Object.keys(fieldsByKind).join(', ')}`)
  for (const name of Object.keys(fault)) {
    if (!commonFields.includes(name) && !fieldsByKind[kind].includes(name)) {
      throw new TypeError(`fault.${name} must not be set: the kind ${kind} has no such field`)
    }
  }
  const { count = 1, skip = 0, latencyMs = kind === 'latency' ? undefined : 0, status, when = 'before' } = fault
  notNegative('count', count)
  notNegative('skip', skip)
  notNegative('latencyMs', latencyMs)
  if (kind === 'drip') notNegative('everyMs', fault.everyMs)
  if (kind === 'status' && !(typeof status === 'number' && status >= 200 && status <= 599)) {
    throw new TypeError('fault.status must be a number from 200 to 599')
  }
  if (when !== 'before' && when !== 'after') throw new TypeError('fault.when must be before or after')
  if (kind === 'status') checkStatusAnswer(fault)
  if (kind === 'garbage') checkGarbage(fault)
}

function checkStatusAnswer({ errorType = '', headers = {} }: Readonly<Record<string, unknown>>): void {
  if (typeof errorType !== 'string') throw new TypeError('fault.errorType must be a string')
  const isText = (value: unknown): boolean => typeof value === 'string'
  const isValue = (value: unknown): boolean => isText(value) || (Array.isArray(value) && value.every(isText))
  if (!isRecord(headers) || !Object.values(headers).every(isValue)) {
    throw new TypeError('fault.headers must be an object of strings, or of arrays of strings')
  }
}

function checkGarbage({ bytes = '', repeat, ending = 'close' }: Readonly<Record<string, unknown>>): void {
  if (!isBytes(bytes)) throw new TypeError('fault.bytes must be a string or a Uint8Array')
  if (ending !== 'close' && ending !== 'reset' && ending !== 'hang') {
    throw new TypeError('fault.ending must be close, reset or hang')
  }
  if (repeat === undefined) return
  if (!isRecord(repeat) || !isBytes(repeat.bytes)) {
    throw new TypeError('fault.repeat.bytes must be a string or a Uint8Array')
  }
  notNegative('repeat.everyMs', repeat.everyMs)
}

const isBytes = (value: unknown): boolean => typeof value === 'string' || value instanceof Uint8Array

function notNegative(name: string, value: unknown): void {
  if (typeof value === 'number' && value >= 0) return
  throw new TypeError(`fault.${name} must be a number of 0 or more`)
}
