import { oneIn } from "../severity/severity";
import { span } from "../time/format";

/** An explanation's first sentence, and what else stands before its list of costs. */
export interface Told {
  headline: string;
  more: string;
}

/** Divides an explanation. A full stop within quotes belongs to the data and ends no sentence. */
export function told(explanation: string): Told {
  const first = explanation.split("\n", 1)[0] ?? "";
  let quotes = 0;
  for (let i = 0; i < first.length; i++) {
    const c = first.charAt(i);
    if (c === "“") quotes++;
    else if (c === "”") quotes = Math.max(0, quotes - 1);
    else if (c === "." && quotes === 0 && (i + 1 === first.length || first.charAt(i + 1) === " ") && /[\p{L}\p{N}”)]/u.test(first.charAt(i - 1))) {
      return { headline: first.slice(0, i + 1), more: first.slice(i + 1).trim() };
    }
  }
  return { headline: first, more: "" };
}

/** How often chance makes a window this odd, in words; `window` is its length in milliseconds. */
export function chance(p: number, window: number): string {
  if (p >= 1) return "Any window is as odd as this one.";
  const often = p > 1e-9 ? `${oneIn(p).replace("1 in ", "Expected once in ")} windows` : "Practically never seen by chance";
  const every = window / p;
  const year = 365.25 * 86_400_000;
  if (!(window > 0) || p <= 1e-9) return `${often}.`;
  return `${often}: about once in ${every < 2 * year ? span(every) : `${Number((every / year).toPrecision(2)).toLocaleString("en-GB")} years`} of this service.`;
}

/** What of a p-value is measured and what is extrapolated. */
export function support(p: number, floor: number): string {
  const windows = Math.max(1, Math.round(1 / floor) - 1);
  const past = `${windows.toLocaleString("en-GB")} past ${windows === 1 ? "window" : "windows"}`;
  if (floor <= p) return `Its own history, ${past}, supports that by counting alone.`;
  return `Its own history, ${past}, supports ${oneIn(floor)} by counting; the rest is extrapolated from the tail of that history. Read it as “further out than anything so far”.`;
}
