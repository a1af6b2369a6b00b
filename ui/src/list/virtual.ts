/** Where each row of a list begins, and in the end where the last one ends: one more number than there are rows. */
export function offsetsOf(heights: readonly number[]): Float64Array {
  const offsets = new Float64Array(heights.length + 1);
  for (const [index, height] of heights.entries()) offsets[index + 1] = (offsets[index] ?? 0) + height;
  return offsets;
}

/** The row that covers a place, by bisection; the first and the last where it lies outside. */
export function rowAt(offsets: Float64Array, place: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The rows from `first` to before `end` that a view from `top` on needs drawn, `over` rows more on either side. */
export function visible(offsets: Float64Array, top: number, height: number, over: number): { first: number; end: number } {
  const count = offsets.length - 1;
  if (count === 0) return { first: 0, end: 0 };
  return { first: Math.max(0, rowAt(offsets, top) - over), end: Math.min(count, rowAt(offsets, top + height) + 1 + over) };
}

/** How far to scroll so that a row is seen whole between `head` and the view's end; 0 where it is. */
export function scrollTo(offsets: Float64Array, row: number, top: number, height: number, head: number): number {
  const begin = offsets[row] ?? 0;
  const end = offsets[row + 1] ?? begin;
  if (begin < top + head) return begin - top - head;
  if (end > top + height) return end - top - height;
  return 0;
}
