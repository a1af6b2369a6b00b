import type { Reason, Schemas, Signal } from "../api/client";

export type Exhibit = Schemas["Exhibit"];
export type Excerpt = Schemas["Excerpt"];

/** What a signal shows, whether it is the strongest one or one of the others; nothing where it was not unusual. */
export function of(exhibit: Exhibit | undefined, signal: Signal): Exhibit | undefined {
  if (exhibit === undefined) return undefined;
  return [exhibit, ...(exhibit.also ?? [])].find((part) => part.signal === signal);
}

/** A piece of a record: a word with its cost, or what stands between words. */
export interface Piece {
  text: string;
  bits?: number;
}

/** A record cut into its words and what stands between them. Words are places in characters, not in UTF-16. */
export function pieces({ text, words }: Pick<Excerpt, "text" | "words">): Piece[] {
  const characters = Array.from(text);
  const out: Piece[] = [];
  let at = 0;
  for (const [start = 0, end = 0, bits = 0] of words ?? []) {
    if (start < at || end <= start || end > characters.length) continue;
    if (start > at) out.push({ text: characters.slice(at, start).join("") });
    out.push({ text: characters.slice(start, end).join(""), bits });
    at = end;
  }
  if (at < characters.length) out.push({ text: characters.slice(at).join("") });
  return out;
}

/** A record as it is shown; without a time where it is an example. */
export type ShownLine = Pick<Excerpt, "text" | "words" | "share" | "bits"> & { time_ns?: number };

// Whose sample is one record of the window.
const ofOneLine: readonly string[] = ["log_new", "log_transition", "log_count"];

/** An example of each kind of line that is a reason and is not among the sampled ones: what came once may have been passed over. */
export function unsampled(reasons: readonly Reason[], sampled: readonly Pick<Excerpt, "text">[]): ShownLine[] {
  const examples = new Map<string, ShownLine>();
  for (const { signal, channel, item, sample, observed, bits } of reasons) {
    if (signal !== "logs" || !ofOneLine.includes(channel) || sample === undefined || sample === "" || !(observed > 0)) continue;
    if (examples.has(item) || sampled.some(({ text }) => text === sample || isOfKind(item, text))) continue;
    examples.set(item, { text: sample, share: bits / Math.max(1, observed) });
  }
  return [...examples.values()];
}

const gap = "<*>";

/** Whether a line is one of a template, in which each gap stands for any text. */
export function isOfKind(template: string, line: string): boolean {
  const [first = "", ...rest] = template.split(gap);
  const last = rest.pop();
  if (last === undefined) return line === first;
  if (!line.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = line.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return line.length - last.length >= at && line.endsWith(last);
}

/** The steps of heat, by the bits from which each begins: a word seen every second time, one in 8, one in 64, one in 512 or rarer. */
export const heats = [1, 3, 6, 9] as const;

/** The heat of a word's bits, 0 (as expected) to 4. */
export function heat(bits: number): 0 | 1 | 2 | 3 | 4 {
  return heats.filter((from) => bits >= from).length as 0 | 1 | 2 | 3 | 4;
}
