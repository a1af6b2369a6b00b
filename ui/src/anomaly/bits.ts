import type { Reason, Signal } from "../api/client";

/** One part of what a window cost. */
export interface Part {
  key: string;
  bits: number;
  /** None of what is not listed. */
  reason?: Reason;
  /** Of the window's bits, 0 to 1; of parts that take bits off, 0. */
  share: number;
}

export interface Bill {
  total: number;
  /** The reasons, costliest first, and last what they leave; their bits add up to the total. */
  parts: Part[];
  signals: { signal: Signal | "rest"; bits: number; share: number }[];
}

// A twentieth of a bit is rounding, not a part.
const least = 0.05;

/** Divides a window's bits by reason and by signal. What is left may be negative: something that was more usual than usual. */
export function bill(total: number, reasons: readonly Reason[]): Bill {
  const listed = reasons.reduce((sum, { bits }) => sum + bits, 0);
  const rest = total - listed;
  const whole = Math.max(total, listed, Number.MIN_VALUE);
  const share = (bits: number) => Math.max(0, bits) / whole;
  const parts: Part[] = reasons.map((reason, i) => ({ key: `${i}`, bits: reason.bits, reason, share: share(reason.bits) }));
  if (Math.abs(rest) >= least || parts.length === 0) parts.push({ key: "rest", bits: rest, share: share(rest) });
  const sums = new Map<Signal | "rest", number>();
  for (const { signal, bits } of reasons) sums.set(signal, (sums.get(signal) ?? 0) + bits);
  if (rest >= least) sums.set("rest", rest);
  const signals = [...sums].map(([signal, bits]) => ({ signal, bits, share: share(bits) })).filter(({ bits }) => bits > 0);
  return { total, parts, signals };
}
