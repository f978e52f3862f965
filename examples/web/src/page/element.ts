/** Returns the element with this ID. Throws if it is missing or of another kind. */
export function element<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  return expect(document.getElementById(id), kind, `#${id}`)
}

/** Returns the first element inside another one that matches a selector. Throws if it is missing or of another kind. */
export function part<Kind extends Element>(within: ParentNode, selector: string, kind: new () => Kind): Kind {
  return expect(within.querySelector(selector), kind, selector)
}

/** Returns a new copy of a template's content. */
export function copyOf(templateId: string): HTMLElement {
  const content = element(templateId, HTMLTemplateElement).content.cloneNode(true)
  if (!(content instanceof DocumentFragment)) throw new Error(`The template ${templateId} is empty`)
  return part(content, '*', HTMLElement)
}

function expect<Kind extends Element>(found: Element | null, kind: new () => Kind, name: string): Kind {
  if (found instanceof kind) return found
  throw new Error(`The page has no ${name}`)
}
