import type { ConnectFlows } from './connect.js'
import { CorbadoError } from './errors.js'
import { runHook } from './hooks.js'
import type { HttpContext } from './http.js'
import type { Settings } from './options.js'
import type { ConnectUser } from './session/strategy.js'

/** What the rest of an application does with the same sessions. */
export class Guards<User extends ConnectUser, Context extends HttpContext> {
  readonly #settings: Settings<User, Context>
  readonly #flows: ConnectFlows<User, Context>
  readonly #users = new WeakMap<object, User>()

  constructor(settings: Settings<User, Context>, flows: ConnectFlows<User, Context>) {
    this.#settings = settings
    this.#flows = flows
  }

  /**
   * Lets only signed-in users pass.
   *
   * @param request the framework's request, under which {@link Guards.user} finds the user
   * @throws CorbadoError `CORBADO_NOT_AUTHENTICATED`, `CORBADO_HOOK_FAILED`
   */
  async requireUser(request: object, context: Context): Promise<void> {
    const user = await this.#flows.currentUser(context)
    if (user === null) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'no_user' })
    this.#users.set(request, user)
  }

  /** The user that {@link Guards.requireUser} let pass. @throws CorbadoError `CORBADO_NOT_AUTHENTICATED` where it did not run */
  user(request: object): User {
    const user = this.#users.get(request)
    if (user === undefined) throw new CorbadoError('NOT_AUTHENTICATED', { reason: 'require_user_did_not_run' })
    return user
  }

  /** Creates a session for a login that the application checked itself. @returns what `createSession` returned */
  signIn(user: User, context: Context): Promise<unknown> {
    return runHook('SESSION_FAILED', 'createSession', () =>
      this.#settings.session.createSession({ user, claims: null }, context),
    )
  }

  /** Ends the session of this request. @throws TypeError where the hooks have no `destroySession` */
  async signOut(context: Context): Promise<void> {
    const { session } = this.#settings
    if (session.destroySession === undefined) throw new TypeError('signOut needs the hook session.destroySession')
    await runHook('HOOK_FAILED', 'destroySession', () => session.destroySession?.(context))
  }
}
