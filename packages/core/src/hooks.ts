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
  const texts = causesOf(error).flatMap((cause) => textsOf(cause))
  if (!secrets.some((secret) => secret !== '' && texts.some((text) => text.includes(secret)))) return error
  const redact = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text)
  if (!(error instanceof Error)) return redact(texts.join(' '))
  const copy = new Error(redact(error.message))
  copy.name = error.name
  copy.stack = redact(error.stack ?? '')
  return copy
}

/** The error and its causes, however many: loggers write them all. */
function causesOf(error: unknown): unknown[] {
  const causes: unknown[] = [error]
  for (let last = error; last instanceof Error && 'cause' in last && !causes.includes(last.cause); last = last.cause) {
    causes.push(last.cause)
  }
  return causes
}

function textsOf(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null || depth > 3) return []
  const inside: unknown[] = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : []
  for (const name of Reflect.ownKeys(value)) inside.push(name, Object.getOwnPropertyDescriptor(value, name)?.value)
  return inside.flatMap((member) => textsOf(member, depth + 1))
}
