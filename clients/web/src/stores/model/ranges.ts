// The loaded ranges of a room's log: a pure structure. A range goes from after one
// position up to another; adjacent ranges are joined.

export interface Range {
  readonly after: number;
  readonly upTo: number;
}

/** Sorted and separate. Live changes go to the last one. */
export type Ranges = readonly Range[];

/** Adds a range and joins those that touch it. */
export function addRange(ranges: Ranges, more: Range): Ranges {
  const before = ranges.filter((range) => range.upTo < more.after);
  const behind = ranges.filter((range) => range.after > more.upTo);
  const overlapping = ranges.slice(before.length, ranges.length - behind.length);
  const after = Math.min(more.after, ...overlapping.map((range) => range.after));
  const upTo = Math.max(more.upTo, ...overlapping.map((range) => range.upTo));
  return [...before, { after, upTo }, ...behind];
}

/** The range that includes the position. */
export function rangeOf(ranges: Ranges, seq: number): Range | undefined {
  return ranges.find((range) => range.after < seq && seq <= range.upTo);
}

/** The index of the first element that is greater than `seq`; sorted, found by halving. */
export function firstAfter(sorted: readonly number[], seq: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) <= seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
