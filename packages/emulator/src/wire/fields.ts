import { type FieldIssue, validationError } from './error-envelope.js'

/**
 * Reads a request body field by field and collects everything that is wrong with it, because Corbado answers all wrong
 * fields at once. The values read are placeholders as long as `check()` has not passed.
 */
export class Fields {
  readonly #value: Readonly<Record<string, unknown>>
  readonly #prefix: string
  readonly #issues: FieldIssue[]

  constructor(body: unknown, prefix = '', issues: FieldIssue[] = []) {
    this.#prefix = prefix
    this.#issues = issues
    const isObject = isRecord(body)
    this.#value = isObject ? body : {}
    if (!isObject) issues.push({ field: prefix.slice(0, -1) || 'body', message: 'must be an object' })
  }

  text(name: string): string {
    const value = this.#value[name]
    if (typeof value === 'string' && value !== '') return value
    this.#refuse(name, value === undefined ? 'cannot be blank' : 'must be a non-empty string')
    return ''
  }

  optionalText(name: string): string | undefined {
    const value = this.#value[name]
    if (value === undefined || typeof value === 'string') return value
    this.#refuse(name, 'must be a string')
    return undefined
  }

  number(name: string): number {
    const value = this.#value[name]
    if (typeof value === 'number') return value
    this.#refuse(name, value === undefined ? 'cannot be blank' : 'must be a number')
    return 0
  }

  optionalNumber(name: string): number | undefined {
    return this.#value[name] === undefined ? undefined : this.number(name)
  }

  boolean(name: string): boolean {
    const value = this.#value[name]
    if (typeof value === 'boolean') return value
    this.#refuse(name, value === undefined ? 'cannot be blank' : 'must be true or false')
    return false
  }

  optionalBoolean(name: string): boolean | undefined {
    return this.#value[name] === undefined ? undefined : this.boolean(name)
  }

  optionalTexts(name: string): string[] | undefined {
    const value = this.#value[name]
    if (value === undefined || (Array.isArray(value) && value.every((item) => typeof item === 'string'))) return value
    this.#refuse(name, 'must be a list of strings')
    return undefined
  }

  oneOf<const T extends string>(name: string, values: readonly [T, ...T[]]): T {
    const value = this.#value[name]
    const found = values.find((candidate) => candidate === value)
    if (found !== undefined) return found
    this.#refuse(name, value === undefined ? 'cannot be blank' : `must be one of ${values.join(', ')}`)
    return values[0]
  }

  optionalOneOf<const T extends string>(name: string, values: readonly [T, ...T[]]): T | undefined {
    return this.#value[name] === undefined ? undefined : this.oneOf(name, values)
  }

  optionalPositiveInteger(name: string): number | undefined {
    const value = this.#value[name]
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
    this.#refuse(name, 'must be a positive integer')
    return undefined
  }

  object(name: string): Fields {
    return new Fields(this.#value[name], `${this.#prefix}${name}.`, this.#issues)
  }

  optionalRecord(name: string): Readonly<Record<string, unknown>> | undefined {
    const value = this.#value[name]
    if (value === undefined || isRecord(value)) return value
    this.#refuse(name, 'must be an object')
    return undefined
  }

  /** Refuses every field that is not named here. */
  only(...names: string[]): void {
    for (const name of Object.keys(this.#value)) {
      if (!names.includes(name)) this.#refuse(name, 'is not a known field')
    }
  }

  /** Throws Corbado's `validation_error` if anything was wrong. */
  check(): void {
    if (this.#issues.length > 0) throw validationError(this.#issues)
  }

  #refuse(name: string, message: string): void {
    this.#issues.push({ field: `${this.#prefix}${name}`, message })
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
