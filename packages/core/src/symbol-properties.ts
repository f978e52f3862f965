/**
 * The values of an object's symbol properties, own and inherited, by the description of their symbols. It reads what a
 * framework keeps but does not publish, so expect an empty array.
 */
export function symbolProperties(object: object, description: string): unknown[] {
  const values: unknown[] = []
  for (let owner: object | null = object; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    for (const symbol of Object.getOwnPropertySymbols(owner))
      if (symbol.description === description) values.push(Reflect.get(object, symbol))
  }
  return values
}
