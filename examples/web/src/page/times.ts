const date = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'long', year: 'numeric' })
const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

const units = [
  ['day', 24 * 60 * 60 * 1000],
  ['hour', 60 * 60 * 1000],
  ['minute', 60 * 1000],
] as const

/** Formats a time: "2 hours ago" within a week, otherwise "on 22 November 2026". */
export function since(ms: number, now = Date.now()): string {
  const passed = now - ms
  if (passed > 7 * units[0][1]) return `on ${date.format(ms)}`
  for (const [unit, length] of units) {
    if (passed >= length) return ago.format(-Math.floor(passed / length), unit)
  }
  return 'just now'
}
