import type { State } from '../state/state.js'
import { ApiError } from '../wire/error-envelope.js'
import { Fields } from '../wire/fields.js'
import { registerAppend } from './append.js'
import { registerCors } from './cors.js'
import { checkProject } from './credentials.js'
import { registerLogin } from './login.js'
import { registerManage } from './manage.js'
import { checkProcess } from './process.js'
import { route, type Server } from './server.js'

const eventTypes = [
  'login-explicit-abort',
  'login-error',
  'login-error-untyped',
  'login-error-unexpected',
  'login-one-tap-switch',
  'login-no-credentials',
  'user-append-after-cross-platform-blacklisted',
  'user-append-after-login-error-blacklisted',
  'append-credential-exists',
  'append-explicit-abort',
  'append-error',
  'append-error-unexpected',
  'append-learn-more',
  'manage-error-unexpected',
  'manage-error',
  'manage-learn-more',
  'manage-credential-exists',
  'local-unlock',
] as const

/**
 * Corbado's Frontend API, as far as its web client `@corbado/web-core` needs it.
 * See https://docs.corbado.com/api-reference/frontend-api
 */
export function registerFrontendApi({ app, recordingOf, warn }: Server, state: State): void {
  registerCors(app, state)

  app.register(async (api) => {
    api.addHook('preHandler', async (request) => {
      checkProject(request.headers, state.settings.projectId)
      checkProcess(request, recordingOf(request).route, state, (message) => warn(request, message))
    })

    registerLogin(api, state)
    registerAppend(api, state)
    registerManage(api, state)

    route(api, 'events.create', async (request, reply) => {
      const body = new Fields(request.body)
      body.oneOf('eventType', eventTypes)
      body.optionalText('message')
      body.optionalText('challenge')
      body.check()
      return reply.code(204).send()
    })

    route(api, 'process.clear', async (request) => {
      const body = new Fields(request.body)
      const processId = body.text('processId')
      body.check()
      if (!state.processes.end(processId)) throw new ApiError(404, 'not_found', 'There is no process with this ID.')
      return { processId }
    })
  })
}
