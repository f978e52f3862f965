/** True only where both types are the same, also in their `readonly` and `any`. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Fails to compile where the assertion is false: `exact<Same<typeof user, User>>()`. */
export function exact<Assertion extends true>(): Assertion | undefined {
  return undefined
}
