import { isCorbadoError } from '../errors.js'

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
