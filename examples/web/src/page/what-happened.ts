import { copyOf, element, part } from './element.js'
import { type Step, stepOf, stepsOf } from './meaning.js'
import { shorten } from './shorten.js'
import { watchTraffic } from './traffic.js'

/** So many acts are kept; the panel is for what just happened. */
const kept = 12

/** The panel that shows the protocol at work: acts of a person, newest first, each with its steps in order. */
export class WhatHappened {
  readonly #acts = element('acts', HTMLOListElement)
  #steps: HTMLElement | undefined
  #title = ''

  constructor() {
    watchTraffic(
      (call) => {
        for (const step of stepsOf(call)) this.#add(step)
      },
      (prompt) => {
        // Nobody pressed a button of ours for this one.
        if (prompt.conditional) this.begin('Choosing a passkey in the autofill')
        this.#add(stepOf(prompt))
      },
    )
    element('clear-steps', HTMLButtonElement).addEventListener('click', () => {
      this.#acts.replaceChildren()
      this.#steps = undefined
    })
  }

  /** What is seen from now on belongs to this act. */
  begin(title: string): void {
    this.#title = title
    this.#steps = undefined
  }

  #add(step: Step): void {
    this.#steps ??= this.#addAct()
    this.#steps.append(shown(step))
  }

  /** Only with its first step: an act that called nobody is no news. */
  #addAct(): HTMLElement {
    const act = copyOf('act-template')
    part(act, 'h3', HTMLElement).textContent = this.#title
    this.#acts.prepend(act)
    while (this.#acts.children.length > kept) this.#acts.lastElementChild?.remove()
    return part(act, '.steps', HTMLElement)
  }
}

function shown(step: Step): HTMLElement {
  const item = copyOf('step-template')
  const write = (selector: string, text: string) => {
    part(item, selector, HTMLElement).textContent = text
  }
  for (const [selector, actor] of [['[data-from]', step.from] as const, ['[data-to]', step.to] as const]) {
    write(selector, actor)
    part(item, selector, HTMLElement).classList.add(actor.toLowerCase())
  }
  item.classList.toggle('described', step.described === true)
  write('.step-title', step.title)
  write('.step-meaning', step.meaning ?? '')
  write('[data-call]', step.call ?? '')
  write('[data-outcome]', step.outcome)
  item.classList.toggle('refused', step.refused)
  const content = part(item, '[data-content]', HTMLDetailsElement)
  if (step.described) {
    // Nothing to unfold: the page cannot see what travels between two servers.
    content.replaceWith(part(content, '[data-call]', HTMLElement))
  } else if (step.call === undefined) {
    content.remove()
  } else {
    write('[data-sent] pre', json(step.sent))
    write('[data-received] pre', json(step.received))
    part(item, '[data-sent]', HTMLElement).hidden = step.sent === undefined
    part(item, '[data-received]', HTMLElement).hidden = step.received === undefined
  }
  return item
}

const json = (value: unknown): string => (value === undefined ? '' : JSON.stringify(shorten(value), null, 2))
