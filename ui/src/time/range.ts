/** A span of time that a view shows: the newest so many milliseconds, or from one time to another. */
export type Range = { kind: "last"; milliseconds: number } | { kind: "fixed"; from: Date; to: Date };

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The spans offered, as a URL has them. */
export const presets = ["15m", "1h", "6h", "24h", "3d", "7d"] as const;

/** The narrowest span that a view can be zoomed to. */
export const narrowest = 5 * units.m;
/** The widest: window items are kept 7 days by default. */
export const widest = 31 * units.d;

/** Milliseconds of `15m`, `6h`, `7d`; undefined where the text is none or goes beyond what can be shown. */
export function parseSpan(text: string): number | undefined {
  const match = /^([1-9]\d{0,3})([mhd])$/.exec(text);
  if (!match) return undefined;
  const milliseconds = Number(match[1]) * units[match[2] as keyof typeof units];
  return milliseconds >= narrowest && milliseconds <= widest ? milliseconds : undefined;
}

/** The span as a URL's `range`, or `from` and `to`, say; the fallback where they say nothing that can be shown. */
export function readRange(query: URLSearchParams, fallback: string): Range {
  const from = readTime(query.get("from"));
  const to = readTime(query.get("to"));
  if (from && to && from < to) return { kind: "fixed", from, to };
  return { kind: "last", milliseconds: parseSpan(query.get("range") ?? "") ?? parseSpan(fallback) ?? 6 * units.h };
}

/** The changes of a URL that make it say this span. */
export function writeRange(range: Range, fallback: string): Record<"range" | "from" | "to", string | null> {
  if (range.kind === "fixed") return { range: null, from: writeTime(range.from), to: writeTime(range.to) };
  const text = writeSpan(range.milliseconds);
  return { range: text === fallback ? null : text, from: null, to: null };
}

export function writeSpan(milliseconds: number): string {
  for (const unit of ["d", "h"] as const) {
    if (milliseconds % units[unit] === 0 && !(unit === "d" && milliseconds === units.d)) return `${milliseconds / units[unit]}${unit}`;
  }
  return `${Math.round(milliseconds / units.m)}m`;
}

/** Where the span begins and ends now. */
export function resolve(range: Range, now: Date): { from: Date; to: Date } {
  return range.kind === "fixed" ? range : { from: new Date(now.getTime() - range.milliseconds), to: now };
}

/** The span around its middle, `factor` times as long: below 1 it zooms in. What ends now goes on ending now. */
export function zoomed(range: Range, factor: number, now: Date): Range {
  const { from, to } = resolve(range, now);
  const length = Math.min(Math.max((to.getTime() - from.getTime()) * factor, narrowest), widest);
  if (range.kind === "last") return { kind: "last", milliseconds: Math.round(length / units.m) * units.m };
  const middle = (from.getTime() + to.getTime()) / 2;
  const end = Math.min(middle + length / 2, now.getTime());
  return { kind: "fixed", from: new Date(end - length), to: new Date(end) };
}

/** The span moved by a part of its own length, no further than to now. */
export function moved(range: Range, part: number, now: Date): Range {
  const { from, to } = resolve(range, now);
  const length = to.getTime() - from.getTime();
  const end = Math.min(to.getTime() + part * length, now.getTime());
  return { kind: "fixed", from: new Date(end - length), to: new Date(end) };
}

function readTime(text: string | null): Date | undefined {
  if (text === null || !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(text)) return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

function writeTime(at: Date): string {
  return `${at.toISOString().slice(0, 19)}Z`;
}
