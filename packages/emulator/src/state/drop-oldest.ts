/**
 * Keeps a map from growing without end: once it is a tenth above its capacity, the oldest entries go in one sweep.
 * One at a time would be slow, because a map steps over the holes of deleted entries whenever it is read from the start.
 */
export function dropOldest<Value>(
  map: Map<string, Value>,
  capacity: number,
  onDrop: (value: Value) => void = () => {},
): void {
  if (map.size <= capacity * 1.1) return
  let surplus = map.size - capacity
  for (const [key, value] of map) {
    if (surplus-- <= 0) break
    map.delete(key)
    onDrop(value)
  }
}
