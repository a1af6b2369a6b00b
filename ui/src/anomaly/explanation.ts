import { oneIn } from "../severity/severity";
import { span } from "../time/format";

/** An explanation's first sentence, and what else stands before its list of costs. */
export interface Told {
  headline: string;
  more: string;
}

/** Divides an explanation; what it says of its p-value is left out, since the page says it in full. */
export function told(explanation: string): Told {
  const [headline = "", ...more] = sentences(explanation.split("\n", 1)[0] ?? "");
  return { headline, more: more.filter((each) => !each.startsWith("A window this odd ")).join(" ") };
}

/** A full stop within quotes belongs to the data and ends no sentence. */
function sentences(text: string): string[] {
  const all: string[] = [];
  let from = 0;
  let quotes = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "“") quotes++;
    else if (c === "”") quotes = Math.max(0, quotes - 1);
    else if (c === "." && quotes === 0 && (i + 1 === text.length || text.charAt(i + 1) === " ") && /[\p{L}\p{N}”)]/u.test(text.charAt(i - 1))) {
      all.push(text.slice(from, i + 1).trim());
      from = i + 1;
    }
  }
  const rest = text.slice(from).trim();
  return rest === "" ? all : [...all, rest];
}

/** How often chance makes a window this odd, in words; `window` is its length in milliseconds. */
export function chance(p: number, window: number): string {
  if (p >= 1) return "Any window is as odd as this one.";
  const often = p > 1e-9 ? `Expected once in ${many(1 / p)} windows` : "Practically never seen by chance";
  const every = window / p;
  const year = 365.25 * 86_400_000;
  if (!(window > 0) || p <= 1e-9) return `${often}.`;
  return `${often}: about once in ${every < 2 * year ? span(every) : `${Number((every / year).toPrecision(2)).toLocaleString("en-GB")} years`} of this service.`;
}

/** A large number in two digits: `530,000`, `1.3 million`. */
function many(n: number): string {
  const [size, name] = n >= 1e9 ? [1e9, " billion"] : n >= 1e6 ? [1e6, " million"] : [1, ""];
  return `${Number((n / size).toPrecision(2)).toLocaleString("en-GB")}${name}`;
}

/** What of a p-value is measured and what is extrapolated. */
export function support(p: number, floor: number): string {
  const windows = Math.max(1, Math.round(1 / floor) - 1);
  const past = `${windows.toLocaleString("en-GB")} past ${windows === 1 ? "window" : "windows"}`;
  if (floor <= p) return `Its own history, ${past}, supports that by counting alone.`;
  return `Its own history, ${past}, supports ${oneIn(floor)} by counting; the rest is extrapolated from the tail of that history. Read it as “further out than anything so far”.`;
}
