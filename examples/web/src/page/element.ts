/** The element with this ID, of this kind; a page without it is broken and says so. */
export function element<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  return expect(document.getElementById(id), kind, `#${id}`)
}

/** The first element inside another one that a selector finds, of this kind. */
export function part<Kind extends Element>(within: ParentNode, selector: string, kind: new () => Kind): Kind {
  return expect(within.querySelector(selector), kind, selector)
}

/** A new copy of what stands in a template. */
export function copyOf(templateId: string): HTMLElement {
  const content = element(templateId, HTMLTemplateElement).content.cloneNode(true)
  if (!(content instanceof DocumentFragment)) throw new Error(`The template ${templateId} is empty`)
  return part(content, '*', HTMLElement)
}

function expect<Kind extends Element>(found: Element | null, kind: new () => Kind, name: string): Kind {
  if (found instanceof kind) return found
  throw new Error(`The page has no ${name}`)
}
