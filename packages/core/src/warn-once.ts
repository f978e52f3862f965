const given = new Set<string>()

/**
 * Emits a process warning, once per process and code.
 *
 * @see https://nodejs.org/api/process.html#processemitwarningwarning-options
 */
export function warnOnce(code: string, message: string): void {
  if (given.has(code)) return
  given.add(code)
  process.emitWarning(message, { type: 'CorbadoConnectWarning', code })
}
