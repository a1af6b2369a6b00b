import type { Schemas } from "../api/client";

export type Null = Schemas["NullDistribution"];

/** A histogram to be drawn: places and heights from 0 to 1. */
export interface Drawn {
  bars: { from: number; to: number; height: number; count: number; low: number; high: number }[];
  /** Where the window stands. */
  mark: number;
  past: number;
  /** Past windows in bins at or above the window's. */
  beyond: number;
  low: number;
  high: number;
}

/** Places a channel's past and the window on one axis. Heights go by the logarithm, so that the one window of the tail is seen beside
    hundreds; an empty bin has none. */
export function drawn({ observed, low, width, counts }: Null): Drawn {
  const end = width > 0 ? low + width * counts.length : low;
  const least = Math.min(low, observed);
  // A place for a single value, and room to the right of what is furthest out.
  const most = Math.max(end, observed, least + 1e-9);
  const length = (most - least) * 1.04;
  const at = (value: number) => (value - least) / length;
  const top = Math.log1p(Math.max(1, ...counts));
  const thick = Math.max(width, length / 60);
  const bars = counts.map((count, i) => {
    const from = low + width * i;
    return { from: at(from), to: Math.min(1, at(from + thick)), height: Math.log1p(count) / top, count, low: from, high: from + width };
  });
  const past = counts.reduce((sum, n) => sum + n, 0);
  const beyond = counts.reduce((sum, n, i) => sum + (low + width * (i + 1) > observed || (width === 0 && low >= observed) ? n : 0), 0);
  return { bars, mark: at(observed), past, beyond, low: least, high: least + length };
}

/** The histogram in one sentence, for those who do not see it. */
export function described(n: Null): string {
  const { past, beyond } = drawn(n);
  const highest = n.low + n.width * n.counts.length;
  const where = beyond === 0 ? "further out than all of them" : `no further out than ${beyond.toLocaleString("en-GB")} of them`;
  return `The window’s ${n.observed.toFixed(1)} is ${where}: ${past.toLocaleString("en-GB")} past windows lie between ${n.low.toFixed(1)} and ${highest.toFixed(1)}.`;
}
