/** Where the documentation of this package is published. */
const repositoryUrl = 'https://github.com/corbado-connect/corbado-connect-node'

/**
 * A link to a heading of a page in `docs/`.
 *
 * @param heading as it is written in the page, for example `CORBADO_RATE_LIMITED`
 */
export function docsLink(page: 'options' | 'errors' | 'events', heading = ''): string {
  // As GitHub makes the anchor of a heading.
  const anchor = heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, '')
    .replaceAll(' ', '-')
  return `${repositoryUrl}/blob/main/docs/${page}.md${anchor === '' ? '' : `#${anchor}`}`
}
