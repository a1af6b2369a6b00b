import type { Schemas } from "../api/client";

type Around = Schemas["SeriesAround"];
type Column = (number | null)[];

/** What is expected at a time, in seconds from the series' start. */
export function expectedAt(expected: Around["expected"], t: number): { value: number; low: number; high: number } | undefined {
  const [, value, low, high] = (expected ?? []).findLast(([from = 0]) => from <= t) ?? expected?.[0] ?? [];
  return value === undefined || low === undefined || high === undefined ? undefined : { value, low, high };
}

/** Whether a value lies in its band; without one everything does. */
export function within({ expected }: Pick<Around, "expected">, t: number, v: number): boolean {
  const band = expectedAt(expected, t);
  return band === undefined || (band.low <= v && v <= band.high);
}

/** Columns of a chart by time: times as seconds since 1970, the band's ends and its middle, then over them the past's points and the window's.
    Where several points have the same time each has a row of its own a thousandth of a second later, for an axis must rise. */
export function columns({ start, points, window, expected }: Around): [number[], Column, Column, Column, Column, Column] {
  const began = Date.parse(start) / 1000;
  const rows = points.map(([t = 0, v = 0], i) => ({ t, v, now: i >= window })).sort((a, b) => a.t - b.t);
  const times: number[] = [];
  const out: [number[], Column, Column, Column, Column, Column] = [times, [], [], [], [], []];
  for (const { t, v, now } of rows) {
    const before = times.at(-1);
    times.push(before !== undefined && began + t <= before ? before + 0.001 : began + t);
    const band = expectedAt(expected, t);
    out[1].push(band?.low ?? null);
    out[2].push(band?.high ?? null);
    out[3].push(band?.value ?? null);
    out[4].push(now ? null : v);
    out[5].push(now ? v : null);
  }
  return out;
}

/** The range of the value axis: all points, and the band unless it would flatten them. */
export function valueRange({ points, expected }: Pick<Around, "points" | "expected">): [number, number] {
  const values = points.map(([, v = 0]) => v);
  let [low, high] = [Math.min(...values), Math.max(...values)];
  const spread = Math.max(high - low, Math.abs(high) * 1e-3, 1e-9);
  for (const [, , least, most] of expected ?? []) {
    if (least !== undefined) low = Math.min(low, Math.max(least, low - 3 * spread));
    if (most !== undefined) high = Math.max(high, Math.min(most, high + 3 * spread));
  }
  const room = Math.max(high - low, spread) * 0.08;
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
}
