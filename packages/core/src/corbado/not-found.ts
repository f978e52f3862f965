import { isCorbadoError } from '../errors.js'
import { isRecord } from './checks.js'
import type { CorbadoCall, RepeatableCalls } from './repeatable-call.js'

/** The answer of a call about one object, or `otherwise` if Corbado does not know the object. */
export async function unlessNotFound<Answer, Otherwise>(
  call: Promise<Answer>,
  otherwise: Otherwise,
): Promise<Answer | Otherwise> {
  try {
    return await call
  } catch (error) {
    if (isCorbadoError(error) && error.reason === 'not_found') return otherwise
    throw error
  }
}

/** Deletes one object. Resolves to false if Corbado does not know it. */
export async function deleteIfFound(
  calls: RepeatableCalls,
  { operation, path, signal }: Pick<CorbadoCall<unknown>, 'operation' | 'path' | 'signal'>,
): Promise<boolean> {
  const call = { operation, method: 'DELETE', path, isAnswer: isRecord, notFoundIsRejection: true, signal } as const
  return (await unlessNotFound(calls.send(call), false)) !== false
}
