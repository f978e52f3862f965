import { copyOf, element, part } from './element.js'
import { type Step, stepOf, stepsOf } from './meaning.js'
import { shorten } from './shorten.js'
import { watchTraffic } from './traffic.js'

/** How many actions the panel keeps. */
const kept = 12

/** The panel that shows the protocol: the actions of the person, newest first, each with its steps in order. */
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
        // This action starts without a button.
        if (prompt.conditional) this.begin('Choosing a passkey in the autofill')
        this.#add(stepOf(prompt))
      },
    )
    element('clear-steps', HTMLButtonElement).addEventListener('click', () => {
      this.#acts.replaceChildren()
      this.#steps = undefined
    })
  }

  /** Starts an action. The steps that follow belong to it. */
  begin(title: string): void {
    this.#title = title
    this.#steps = undefined
  }

  #add(step: Step): void {
    this.#steps ??= this.#addAct()
    this.#steps.append(shown(step))
  }

  /** Adds the action with its first step: an action without steps is not shown. */
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
  item.classList.toggle('failed', step.failed)
  const content = part(item, '[data-content]', HTMLDetailsElement)
  if (step.described) {
    // There is nothing to unfold: the page cannot see what two servers send to each other.
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
