import { docsLink } from './docs-link.js'

/** Owners whose options each have a heading of their own in docs/options.md; the options of others share one. */
const ownersWithHeadings = ['corbadoConnect', 'createConnect']

/**
 * An error about a wrong option. It names the option and its owner, says what it must be, and links its documentation.
 *
 * @param option the owner and the option: `corbadoConnect.prefix`, `cookieSession.secret`
 * @param must `must be …`
 */
export function optionError(option: string, must: string): TypeError {
  const [owner = '', name = ''] = option.split(/\.(.*)/s)
  const heading = name !== '' && ownersWithHeadings.includes(owner) ? (name.split('.', 1)[0] ?? '') : owner
  const what = name === '' ? `${owner}:` : `${owner}: \`${name}\``
  return new TypeError(`${what} ${must}. See ${docsLink('options', heading)}`)
}

/** Refuses what is not an options object, and unknown names: a misspelled option must not be silently ignored. */
export function refuseUnknownOptions(owner: string, options: unknown, known: readonly string[]): void {
  const nested = owner.includes('.')
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw optionError(owner, nested ? 'must be an object' : 'the options must be an object')
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const what = nested ? 'must not have the unknown option' : 'unknown option'
    throw optionError(owner, `${what} "${unknown}" (known: ${known.join(', ')})`)
  }
}

/** @throws TypeError that names the option */
export function assertFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw optionError(option, 'must be a function')
}

/** @throws TypeError that names the option */
export function assertOptionalFunction(option: string, value: unknown): void {
  if (value !== undefined) assertFunction(option, value)
}

/** @throws TypeError that names the option */
export function assertOptionalBoolean(option: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw optionError(option, 'must be true or false')
}

/** @throws TypeError that names the option */
export function assertWholeNumber(option: string, value: unknown, from: number, to: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < from || value > to) {
    throw optionError(option, `must be a whole number from ${from} to ${to}`)
  }
}

/** @throws TypeError that names the option */
export function assertCookieName(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(value)) {
    throw optionError(name, 'must be 1 to 64 letters, digits, "_" or "-"')
  }
}
