// The little arithmetic of the benchmark.

export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

/** Rounded for a report: `decimals` digits after the point. */
export function round(value, decimals = 0) {
  return Number(value.toFixed(decimals))
}
