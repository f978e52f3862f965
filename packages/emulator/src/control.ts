import type { FastifyReply, FastifyRequest } from 'fastify'
import { refuseOtherPages } from './api/own-origin.js'
import type { Server } from './api/server.js'
import type { FaultHandle } from './faults/faults.js'
import { addSeed } from './seed.js'
import { dropOldest } from './state/drop-oldest.js'
import type { RequestFilter } from './state/request-counts.js'
import type { SignInOverrides } from './state/signed-passkey-data.js'
import type { State } from './state/state.js'
import { ApiError } from './wire/error-envelope.js'
import { Fields, isRecord } from './wire/fields.js'
import { isRouteName } from './wire/operations.js'

const prefix = '/_emulator'

/** How many faults can be looked up by their ID. */
const faultCapacity = 1000

/** What a test does with the library, over HTTP: for tests in other languages. Programs only, no page of another origin. */
export function registerControl({ app }: Server, state: State): void {
  const faults = new Map<string, FaultHandle>()
  let faultCount = 0

  app.register(async (control) => {
    control.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store')
      refuseOtherPages(request)
    })
    const on = (
      method: 'GET' | 'POST' | 'DELETE',
      path: string,
      handler: (request: FastifyRequest, reply: FastifyReply) => unknown,
    ): void => {
      control.route({
        method,
        url: prefix + path,
        handler: async (request, reply) => refusing(handler, request, reply),
      })
    }

    on('GET', '/health', () => ({ status: 'ok' }))

    on('POST', '/sign-in', async ({ body }) => {
      const { identifier, overrides } = readSignIn(body)
      return { signedPasskeyData: await state.signedPasskeyData.mint(identifier, overrides) }
    })

    on('POST', '/faults', ({ body }, reply) => {
      const id = `fault-${++faultCount}`
      faults.set(id, state.faults.add(body))
      dropOldest(faults, faultCapacity)
      reply.code(201)
      return { id }
    })
    on('GET', '/faults/:id', (request) => ({ hits: faultOf(request).hits }))
    on('DELETE', '/faults/:id', (request, reply) => {
      faultOf(request).remove()
      return reply.code(204).send()
    })

    on('GET', '/clock', () => time())
    on('POST', '/clock', ({ body }) => {
      const { set, advance, reset } = readClock(body)
      if (reset === true) state.clock.reset()
      if (set !== undefined) state.clock.set(set)
      if (advance !== undefined) state.clock.advance(advance)
      return time()
    })

    on('POST', '/reset', (_request, reply) => {
      state.reset()
      return reply.code(204).send()
    })

    on('POST', '/seed', ({ body }, reply) => {
      addSeed(state, body)
      return reply.code(204).send()
    })

    on('GET', '/requests', (request) => {
      const filter = readFilter(new URLSearchParams(request.raw.url?.split('?')[1]))
      return { requests: state.requests.select(filter), count: state.requests.count(filter) }
    })
  })

  const time = () => ({ now: state.clock.now(), stopped: state.clock.stopped })

  function faultOf({ params }: FastifyRequest): FaultHandle {
    const handle = isRecord(params) ? faults.get(String(params.id)) : undefined
    if (handle === undefined) throw new ApiError(404, 'not_found', 'There is no fault with this ID.')
    return handle
  }
}

/** What the library refuses with a TypeError is a bad request here. */
async function refusing(
  handler: (request: FastifyRequest, reply: FastifyReply) => unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  try {
    return await handler(request, reply)
  } catch (error) {
    if (error instanceof TypeError) throw new ApiError(400, 'validation_error', error.message)
    throw error
  }
}

/** JSON has no `undefined`: null leaves a claim or a header field out. */
function readSignIn(content: unknown): { identifier: string; overrides: SignInOverrides } {
  const body = new Fields(content)
  const identifier = body.text('identifier')
  const signedBy = body.optionalOneOf('signedBy', ['emulator', 'stranger', 'nobody'])
  const claims = body.optionalRecord('claims')
  const header = body.optionalRecord('header')
  body.only('identifier', 'claims', 'header', 'signedBy')
  body.check()
  return {
    identifier,
    overrides: {
      ...(claims && { claims: withoutNulls(claims) }),
      ...(header && { header: withoutNulls(header) }),
      ...(signedBy && { signedBy }),
    },
  }
}

const withoutNulls = (value: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([name, field]) => [name, field === null ? undefined : field]))

function readClock(content: unknown) {
  const body = new Fields(content)
  const read = {
    set: body.optionalNumber('set'),
    advance: body.optionalNumber('advance'),
    reset: body.optionalBoolean('reset'),
  }
  body.only('set', 'advance', 'reset')
  body.check()
  return read
}

function readFilter(query: URLSearchParams): RequestFilter {
  const filter: RequestFilter = {}
  for (const [name, value] of query) {
    if (name === 'method' || name === 'path') filter[name] = value
    else if (name === 'route' && isRouteName(value)) filter.route = value
    else if (name === 'route')
      throw new TypeError(`route must be an operation such as connectTokens.create, not ${value}`)
    else throw new TypeError(`the query must consist of route, method and path, not ${name}`)
  }
  return filter
}
