import axe from 'axe-core'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'

type Look = { scheme: 'light' | 'dark'; width: number }

/** Every state is checked in two looks. The states alternate, so that all four combinations are covered. */
export const looks: readonly (readonly Look[])[] = [
  [
    { scheme: 'light', width: 1280 },
    { scheme: 'dark', width: 360 },
  ],
  [
    { scheme: 'dark', width: 1280 },
    { scheme: 'light', width: 360 },
  ],
]

/** Checks a state of the page with axe-core, and that it does not scroll sideways. */
export async function noViolations(t: Test, page: Page, state: string, { scheme, width }: Look) {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width, height: 900 })
  t.same(await violations(page), [], `${state}, ${scheme}, ${width} pixels wide`)
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  t.ok(overflow <= 0, `${state}: no horizontal scrolling at ${width}`)
}

/** Returns what axe finds, each with the first element concerned. */
export async function violations(page: Page): Promise<string[]> {
  // The page's policy forbids other scripts, but the debugger may add one.
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { violations } = await window.axe.run(document)
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  })
}

declare global {
  interface Window {
    axe: typeof axe
  }
}
