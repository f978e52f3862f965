/**
 * A path that names objects by their IDs.
 *
 * @throws TypeError if an ID contains anything but letters, digits, `-` and `_`: it must not change the path
 */
export function pathOf(template: TemplateStringsArray, ...ids: readonly string[]): string {
  return template.reduce((path, part, index) => {
    const id = ids[index - 1]
    if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,128}$/.test(id)) {
      throw new TypeError('An ID must be a string of 1 to 128 letters, digits, `-` and `_`, such as usr-123')
    }
    return `${path}${id}${part}`
  })
}
