import { CorbadoError, type CorbadoErrorName, isCorbadoError } from './errors.js'
import type { HttpContext } from './http.js'
import { withoutSecrets } from './redact.js'

/** The hooks of an application. */
type HookName =
  | 'getUser'
  | 'findUser'
  | 'createSession'
  | 'destroySession'
  | 'renewSession'
  | 'describeSession'
  | 'endSessions'
  | 'expectedIdentifier'
  | 'authorizeConnectToken'

/** How a hook fails: after a verified login, only a new login helps. */
export type HookFailure = Extract<CorbadoErrorName, 'HOOK_FAILED' | 'SESSION_FAILED'>

/** An error that a hook throws to refuse a request. */
export interface Refusal extends Error {
  /** HTTP status of the answer, 400 to 499. */
  readonly statusCode: number
  /** Your own code, if you gave one. */
  readonly code?: string
  /** The message may be shown to the client. */
  readonly expose: true
}

/**
 * An error for a hook to throw: refuses the request with your own status and message.
 * `throw refuse(403, 'This account is locked.', 'ACCOUNT_LOCKED')`
 *
 * Any other error of a hook becomes `CORBADO_HOOK_FAILED` or `CORBADO_SESSION_FAILED`, with a constant message.
 *
 * @param statusCode 400 to 499
 * @param message shown to the client
 * @param code your own code, for the page or app
 * @throws TypeError if an argument is wrong
 */
export function refuse(statusCode: number, message: string, code?: string): Refusal {
  if (!isRefusalStatus(statusCode)) throw new TypeError('refuse: `statusCode` must be a whole number from 400 to 499')
  if (typeof message !== 'string') throw new TypeError('refuse: `message` must be a string')
  if (code !== undefined && typeof code !== 'string') throw new TypeError('refuse: `code` must be a string')
  return Object.assign(new Error(message), {
    statusCode,
    expose: true as const,
    ...(code === undefined ? {} : { code }),
  })
}

/**
 * Runs a hook of the application. A deliberate refusal goes through unchanged; any other error becomes ours, with the
 * original as `cause`.
 *
 * @param secrets strings that are cut out of the cause
 */
export async function runHook<Result>(
  failure: HookFailure,
  hookName: HookName,
  hook: () => Result | Promise<Result>,
  secrets: readonly string[] = [],
): Promise<Result> {
  try {
    return await hook()
  } catch (error) {
    if (goesThrough(error, failure)) throw error
    throw new CorbadoError(failure, { reason: `${hookName}_failed`, cause: withoutSecrets(error, secrets) })
  }
}

/** Runs `createSession` and checks its answer. If either fails, the cookies that the hook set are removed again. */
export async function runCreateSession(
  createSession: () => unknown,
  context: HttpContext,
  secrets: readonly string[] = [],
): Promise<unknown> {
  const removeNewCookies = context.http.markCookies()
  try {
    return await runHook(
      'SESSION_FAILED',
      'createSession',
      async () => {
        const answer = await createSession()
        assertAnswer(answer, context)
        return answer
      },
      secrets,
    )
  } catch (error) {
    if (!context.http.answered) removeNewCookies()
    throw error
  }
}

/** Whether an error is a deliberate refusal by the application, as http-errors and {@link refuse} make it. */
function isRefusal(error: unknown): error is Error & { statusCode: number } {
  return hasRefusalStatus(error) && 'expose' in error && error.expose === true
}

/** Whether a framework answers this error with a status of 400 to 499. */
export function hasRefusalStatus(error: unknown): error is Error & { statusCode: number } {
  return error instanceof Error && 'statusCode' in error && isRefusalStatus(error.statusCode)
}

function goesThrough(error: unknown, failure: HookFailure): boolean {
  if (!isCorbadoError(error)) return isRefusal(error)
  // After a verified login the token is used up, so an error that asks for the same request again would be wrong.
  return failure === 'HOOK_FAILED' || error.statusCode < 500 || !error.retryable
}

function isRefusalStatus(statusCode: unknown): statusCode is number {
  return typeof statusCode === 'number' && Number.isInteger(statusCode) && statusCode >= 400 && statusCode <= 499
}

/** An answer that cannot be sent must fail here, where the failure has a name. */
function assertAnswer(answer: unknown, context: HttpContext): void {
  if (context.http.answered || answer === undefined) return
  if (Object.values(context).includes(answer))
    throw new TypeError('createSession returned the response without sending it')
  if (JSON.stringify(answer) === undefined)
    throw new TypeError('createSession must return a value that can be sent as JSON')
}
