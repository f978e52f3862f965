import type { FastifyRequest } from 'fastify'
import { inSeconds } from '../state/clock.js'
import { newClientHandle } from '../state/ids.js'
import type { State } from '../state/state.js'
import { ApiError } from '../wire/error-envelope.js'
import { Fields } from '../wire/fields.js'
import type { RouteName } from '../wire/operations.js'
import { newClientState } from './shapes.js'

/** How long a client may keep what an `init` has told it. */
export const processSeconds = 30 * 60

/** These start a process, or name one in their body. */
const withoutProcess: readonly (RouteName | null)[] = ['login.init', 'append.init', 'manage.init', 'process.clear']

/** What all three `init` do and answer. A client that names a process it was given goes on with that process. */
export function beginProcess(request: FastifyRequest, state: State) {
  const body = new Fields(request.body)
  const handle = body.object('clientInformation').optionalText('clientEnvHandle')
  body.object('flags')
  body.optionalText('invitationToken')
  body.check()
  const sent = sentProcessId(request)
  return {
    processId: sent !== undefined && state.processes.isKnown(sent) ? sent : state.processes.start(),
    common: {
      expiresAt: inSeconds(state.clock.now()) + processSeconds,
      // A client stores the address in use and calls it from then on.
      frontendApiUrl: `http://${request.headers.host}`,
      flags: { 'conditional-ui-allowed': String(!state.settings.requireConnectLoginToken) },
      ...(handle === undefined && newClientState(newClientHandle(), state)),
    },
  }
}

/**
 * Corbado's reference demands the header on every operation after an `init`. `@corbado/web-core` 3.5 omits it when a page
 * was reloaded and has not called an `init`, so a missing or unknown process is only a warning unless `requireProcess` is set.
 */
export function checkProcess(
  request: FastifyRequest,
  route: RouteName | null,
  state: State,
  warn: (message: string) => void,
): void {
  if (withoutProcess.includes(route)) return
  const sent = sentProcessId(request)
  if (sent !== undefined && state.processes.isKnown(sent)) return
  const problem =
    sent === undefined
      ? 'The header X-Corbado-Process-ID is missing.'
      : 'The header X-Corbado-Process-ID names a process that was never started or was cleared.'
  if (state.settings.requireProcess) throw new ApiError(400, 'validation_error', problem)
  warn(problem)
}

export function sentProcessId(request: FastifyRequest): string | undefined {
  const sent = request.headers['x-corbado-process-id']
  return typeof sent === 'string' && sent !== '' ? sent : undefined
}

/** The process that a login belongs to; one that names no known process gets one of its own. */
export function processIdOf(request: FastifyRequest, state: State): string {
  const sent = sentProcessId(request)
  return sent !== undefined && state.processes.isKnown(sent) ? sent : state.processes.start()
}
