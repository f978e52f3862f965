import { CorbadoError, type CorbadoErrorName } from './errors.js'

/**
 * Runs a hook of the application. An error with a `statusCode` from 400 to 499 is a refusal on purpose and goes through
 * unchanged; anything else becomes an error of ours, with the original as `cause`.
 *
 * @param secrets texts that must not come back in the cause, were the hook to put them into its message
 */
export async function runHook<Result>(
  failure: Extract<CorbadoErrorName, 'HOOK_FAILED' | 'SESSION_FAILED'>,
  hookName: string,
  hook: () => Result | Promise<Result>,
  secrets: readonly string[] = [],
): Promise<Result> {
  try {
    return await hook()
  } catch (error) {
    if (isRefusal(error)) throw error
    throw new CorbadoError(failure, { reason: `${hookName}_failed`, cause: withoutSecrets(error, secrets) })
  }
}

/** Whether an error is an application's deliberate refusal. */
export function isRefusal(error: unknown): error is Error & { statusCode: number } {
  if (!(error instanceof Error) || !('statusCode' in error)) return false
  const { statusCode } = error
  return typeof statusCode === 'number' && Number.isInteger(statusCode) && statusCode >= 400 && statusCode <= 499
}

/** The error itself, or a copy of its texts with the secrets cut out. */
function withoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  const texts = textsOf(error)
  if (!secrets.some((secret) => secret !== '' && texts.some((text) => text.includes(secret)))) return error
  const redact = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
  if (!(error instanceof Error)) return redact(texts.join(' '))
  const copy = new Error(redact(error.message))
  copy.name = error.name
  copy.stack = redact(error.stack ?? '')
  return copy
}

function textsOf(error: unknown, depth = 0): string[] {
  if (typeof error === 'string') return [error]
  if (typeof error !== 'object' || error === null || depth > 3) return []
  const own = Object.getOwnPropertyNames(error).map((name) => Object.getOwnPropertyDescriptor(error, name)?.value)
  return own.flatMap((value) => textsOf(value, depth + 1))
}
