import { type Connect, type ConnectEvent, type ConnectUser, isCorbadoError } from '@corbado-connect/core'
import {
  type ConnectApp,
  createAdapterParts,
  logsAsError,
  type RouteName,
  type Visit,
  warnOfUntrustedProxy,
} from '@corbado-connect/core/internal'
import { type NextFunction, type Request, type Response, Router } from 'express'
import { readBody } from './body.js'
import { type Exchange, type ExpressContext, ExpressHttp } from './http.js'
import { createLimiter } from './limiter.js'
import type { ExpressConnectOptions } from './options.js'

/** The Router, and what the rest of the application does with the same sessions. */
export interface CorbadoConnectRouter<User extends ConnectUser>
  extends Router,
    ConnectApp<User, ExpressContext, Exchange, Request>,
    Pick<Connect<User, ExpressContext>, 'close'> {
  /** A middleware: lets signed-in users pass, refuses with `CORBADO_NOT_AUTHENTICATED`. */
  requireUser(req: Request, res: Response, next: NextFunction): void
  /** A middleware against CSRF: refuses with `CORBADO_ORIGIN_NOT_ALLOWED`. */
  requireAllowedOrigin(req: Request, res: Response, next: NextFunction): void
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
  if (errors !== 'json' && errors !== 'next') throw new TypeError('errors: json or next was expected')
  const contextOf = (exchange: Exchange): ExpressContext => ({
    ...exchange,
    http: new ExpressHttp(exchange, settings.client.projectId),
  })
  const { app, settings, routes, requireUser } = createAdapterParts<User, ExpressContext, Exchange, Request>(
    { ...connectOptions, onEvent: connectOptions.onEvent ?? logEvent },
    contextOf,
  )
  const limiter =
    settings.rateLimit === false ? undefined : createLimiter(settings.rateLimit, routes, settings.client.projectId)

  const refuse = (error: unknown, res: Response, next: NextFunction): void => {
    // A hook that sent the response and failed afterwards: there is nothing left to answer.
    if (res.headersSent) return
    if (isCorbadoError(error)) res.set({ ...error.headers })
    if (!isCorbadoError(error) || errors === 'next') {
      next(error)
      return
    }
    res.status(error.statusCode).set('content-type', 'application/json; charset=utf-8').end(JSON.stringify(error))
  }

  const answer = async (visit: Visit<User, ExpressContext>, next: NextFunction): Promise<void> => {
    const { req, res } = visit.context
    try {
      await routes.enter(visit)
      await limiter?.count(visit)
      routes.admit(visit)
      const result = await routes.answer(visit, await readBody(req))
      if (result === 'sent by a hook') return
      if (result.statusCode === 204) res.status(204).end()
      else res.status(200).set('content-type', 'application/json; charset=utf-8').end(result.json)
    } catch (error) {
      routes.refuse(visit, error)
      refuse(error, res, next)
    }
  }

  const routeOf = ({ method, url }: Request): RouteName | undefined => {
    if (method !== 'POST') return undefined
    // Compared as it stands: Express itself would also match /Path and /path/.
    const path = url.split('?', 1)[0]
    if (path === settings.paths.connectToken) return 'connectToken'
    return path === settings.paths.verify ? 'verify' : undefined
  }

  const router = Router()
  router.use((req, res, next) => {
    const route = routeOf(req)
    if (route === undefined) return next()
    if (req.headers['x-forwarded-for'] !== undefined && req.app.get('trust proxy') === false) warnOfUntrustedProxy()
    // Before any hook runs: it may send the response itself.
    res.set('cache-control', 'no-store')
    const visit = routes.begin(route, contextOf({ req, res }))
    res.once('close', () => routes.leave(visit))
    void answer(visit, next)
  })

  const guard =
    (check: (context: ExpressContext) => Promise<void>) => (req: Request, res: Response, next: NextFunction) => {
      check(contextOf({ req, res })).then(
        () => next(),
        (error: unknown) => {
          // Answered by us and no event of a route: the cause would be seen by nobody.
          if (errors === 'json' && isCorbadoError(error) && error.statusCode >= 500)
            console.error('Corbado Connect:', error)
          refuse(error, res, next)
        },
      )
    }

  return Object.assign(router, {
    ...app,
    requireUser: guard((context) => requireUser(context.req, context)),
    requireAllowedOrigin: guard(async (context) => routes.requireAllowedOrigin(context)),
    async close() {
      await routes.close()
      limiter?.close()
    },
  })
}

/** Where no `onEvent` is given, what went wrong on our side or Corbado's stands on standard error, with its cause. */
function logEvent(event: ConnectEvent, _context: ExpressContext, error: unknown): void {
  if (logsAsError(event)) console.error(`Corbado Connect: a request failed ${JSON.stringify(event)}`, error)
}
