/** Refuses what is no options object, and every name that it does not know: a misspelt option must not be silently off. */
export function refuseUnknownOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${owner}: an options object was expected`)
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new TypeError(`${owner}: unknown option "${unknown}" (known: ${known.join(', ')})`)
  }
}

/** @throws TypeError that names the option */
export function assertFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new TypeError(`${name}: a function was expected`)
}

/** @throws TypeError that names the option */
export function assertOptionalFunction(name: string, value: unknown): void {
  if (value !== undefined) assertFunction(name, value)
}

/** @throws TypeError that names the option */
export function assertOptionalBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw new TypeError(`${name}: true or false was expected`)
}

/** @throws TypeError that names the option */
export function assertWholeNumber(name: string, value: unknown, from: number, to: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < from || value > to) {
    throw new TypeError(`${name}: a whole number from ${from} to ${to} was expected`)
  }
}

/** @throws TypeError that names the option */
export function assertCookieName(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(value)) {
    throw new TypeError(`${name} must be 1 to 64 letters, digits, "_" or "-"`)
  }
}
