import {
  type Connect,
  type ConnectEvent,
  type ConnectUser,
  type CorbadoError,
  isCorbadoError,
} from '@corbado-connect/core'
import {
  type ConnectApp,
  checkForwardedFor,
  createAdapter,
  eventLogLine,
  optionError,
  type PathParameters,
  type ProxyTrust,
  pathMatcher,
  pathOf,
  type RouteName,
  type RouteRequest,
} from '@corbado-connect/core/internal'
import { type NextFunction, type Request, type Response, Router } from 'express'
import { readBody } from './body.js'
import { contextOf, type ExpressContext, type ExpressPair } from './http.js'
import { createLimiter } from './limiter.js'
import type { ExpressConnectOptions } from './options.js'

/** The Router, and the same sessions for the rest of your application. */
export interface CorbadoConnectRouter<User extends ConnectUser>
  extends Router,
    ConnectApp<User, ExpressContext, ExpressPair, Request>,
    Pick<Connect<User, ExpressContext>, 'close'> {
  /** A middleware: lets signed-in users pass, refuses others with `CORBADO_NOT_AUTHENTICATED`. */
  requireUser(req: Request, res: Response, next: NextFunction): void
  /** A middleware against CSRF: refuses with `CORBADO_ORIGIN_NOT_ALLOWED`. */
  requireAllowedOrigin(req: Request, res: Response, next: NextFunction): void
  /**
   * An error-handling middleware for your own routes: answers our errors as the router does, and passes all others on.
   * Add it after your routes: `app.use(auth.errorHandler)`.
   */
  errorHandler(error: unknown, req: Request, res: Response, next: NextFunction): void
}

/**
 * Corbado Connect for Express 5 and 4: a Router with `POST /auth/createConnectToken` and
 * `POST /auth/verifySignedPasskeyData`. Mount it before an app-wide `express.json()`.
 *
 * @throws TypeError that names the wrong option
 * @see https://docs.corbado.com/corbado-connect
 */
export function corbadoConnect<User extends ConnectUser>(
  options: ExpressConnectOptions<User>,
): CorbadoConnectRouter<User> {
  const { errors = 'json', ...connectOptions } = options
  if (errors !== 'json' && errors !== 'next') throw optionError('corbadoConnect.errors', "must be 'json' or 'next'")
  const adapter = createAdapter<User, ExpressContext, ExpressPair, Request>(connectOptions, {
    contextOf,
    logEvent,
  })
  const { app, settings, pipeline } = adapter
  const limiter =
    settings.rateLimit === false ? undefined : createLimiter(settings.rateLimit, pipeline, settings.client.projectId)

  const refuse = (error: unknown, res: Response, next: NextFunction): void => {
    // A hook sent the response and failed afterwards: there is nothing left to answer.
    if (res.headersSent) return
    if (isCorbadoError(error)) {
      if (errors === 'json') {
        answerError(error, res)
        return
      }
      setHeaders(res, error)
    }
    next(error)
  }

  const serve = async (request: RouteRequest<User, ExpressContext>, next: NextFunction): Promise<void> => {
    const { req, res } = request.context
    try {
      await pipeline.identify(request)
      await limiter?.count(request)
      pipeline.admit(request)
      const answer = await pipeline.answer(request, await readBody(req))
      if (answer === 'sent by a hook') return
      if (answer.statusCode === 204) res.writeHead(204).end()
      else sendJson(res, 200, answer.json)
    } catch (error) {
      pipeline.refuse(request, error)
      refuse(error, res, next)
    }
  }

  const names: readonly RouteName[] = ['connectToken', 'verify']
  const routes = names.flatMap((name) => {
    const path = settings.paths[name]
    return path === null ? [] : [{ name, match: pathMatcher(path) }]
  })

  /** Serves a request to one of our routes. False if it is for another route. */
  const handleOurs = (req: Request, res: Response, next: NextFunction): boolean => {
    if (req.method !== 'POST') return false
    const path = pathOf(req.url)
    for (const { name, match } of routes) {
      // Compared as it was sent: Express itself would also match /Path and /path/.
      const parameters = match(path)
      if (parameters === undefined) continue
      addParameters(req, parameters)
      checkForwardedFor(req.headers['x-forwarded-for'], () => proxyTrustOf(req))
      // Set before any hook runs, because a hook may send the response itself.
      res.setHeader('cache-control', 'no-store')
      void serve(pipeline.start(name, adapter.contextOf({ req, res }), res), next)
      return true
    }
    return false
  }

  const router = Router({ mergeParams: true })
  // Its type does not mention it, but it is what Express calls for each request.
  const handleOthers: unknown = Reflect.get(router, 'handle')
  if (typeof handleOthers !== 'function') throw new Error('This version of Express has another kind of Router')

  const guard =
    (check: (context: ExpressContext) => Promise<void>) => (req: Request, res: Response, next: NextFunction) => {
      check(adapter.contextOf({ req, res })).then(
        () => next(),
        (error: unknown) => {
          if (errors === 'json') logError(error)
          refuse(error, res, next)
        },
      )
    }

  return Object.assign(router, {
    ...app,
    // Our routes come first, without the router's search for a layer: it costs more than our own checks.
    handle(req: Request, res: Response, next: NextFunction) {
      // A proxy must not send its next request over this connection.
      if (pipeline.closing) res.shouldKeepAlive = false
      if (!handleOurs(req, res, next)) handleOthers.call(router, req, res, next)
    },
    requireUser: guard((context) => adapter.requireUser(context.req, context)),
    requireAllowedOrigin: guard(async (context) => pipeline.requireAllowedOrigin(context)),
    errorHandler(error: unknown, _req: Request, res: Response, next: NextFunction) {
      if (!isCorbadoError(error) || res.headersSent) return next(error)
      logError(error)
      answerError(error, res)
    },
    async close() {
      await pipeline.close()
    },
  })
}

function addParameters(req: Request, parameters: PathParameters): void {
  if (Object.keys(parameters).length > 0) req.params = Object.assign({}, req.params, parameters)
}

/** Whose `X-Forwarded-For` counts for this request. */
function proxyTrustOf(req: Request): ProxyTrust {
  if (req.app.get('trust proxy') === true) return 'everybody'
  return req.ips.length === 0 ? 'nobody' : 'some'
}

function setHeaders(res: Response, { headers }: CorbadoError): void {
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value)
}

function answerError(error: CorbadoError, res: Response): void {
  setHeaders(res, error)
  sendJson(res, error.statusCode, JSON.stringify(error))
}

function sendJson(res: Response, statusCode: number, json: string): void {
  res.writeHead(statusCode, { 'content-type': 'application/json; charset=utf-8' }).end(json)
}

/** An error outside our routes has no event: without this, nobody would see its cause. */
function logError(error: unknown): void {
  if (isCorbadoError(error) && error.statusCode >= 500) console.error('Corbado Connect:', error)
}

/** Without `onEvent`, failures are logged with their cause, and outside production every refusal. */
function logEvent(event: ConnectEvent, _context: ExpressContext, error: unknown): void {
  const { level, text } = eventLogLine(event)
  // The event is not part of the format string: an identifier may contain %.
  if (level === 'error') console.error(text, JSON.stringify(event), error)
  else console.warn(text, JSON.stringify(event))
}
