/** Prints each warning once per operation: a page that polls must not fill the terminal. */
export class Warnings {
  readonly #printed = new Set<string>()

  warn(route: string, message: string): void {
    const text = `${route}: ${message}`
    if (this.#printed.has(text)) return
    this.#printed.add(text)
    process.emitWarning(text, { type: 'CorbadoEmulatorWarning' })
  }
}
