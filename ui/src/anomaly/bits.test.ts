import { describe, expect, it } from "vitest";
import type { Reason } from "../api/client";
import { bill } from "./bits";

const reason = (bits: number, signal: Reason["signal"] = "logs"): Reason => ({ signal, channel: "log_new", bits, text: "", item: "", observed: 0, expected: 0 });

describe("a window's bill", () => {
  it("adds up, whatever is listed", () => {
    for (const [total, listed] of [[67.9, [37, 12.3, 8.6]], [10, [10]], [10, [12, 1]], [0, []], [3, [3.01]], [5, []]] as const) {
      const { parts } = bill(total, listed.map((b) => reason(b)));
      const sum = parts.reduce((all, { bits }) => all + bits, 0);
      expect(Math.abs(sum - total)).toBeLessThan(0.05);
    }
  });

  it("has one bar for what is not listed, and none for rounding", () => {
    expect(bill(20, [reason(12)]).parts.map(({ key }) => key)).toEqual(["0", "rest"]);
    expect(bill(12.01, [reason(12)]).parts).toHaveLength(1);
  });

  it("draws bars in proportion, none longer than the whole", () => {
    const { parts } = bill(20, [reason(15), reason(3)]);
    expect(parts.map(({ share }) => share)).toEqual([0.75, 0.15, 0.1]);
    const more = bill(10, [reason(12), reason(1)]).parts;
    expect(more.at(-1)?.bits).toBe(-3);
    expect(more.at(-1)?.share).toBe(0);
    expect(Math.max(...more.map(({ share }) => share))).toBeLessThanOrEqual(1);
  });

  it("is divided by signal", () => {
    const { signals } = bill(20, [reason(10), reason(4, "traces"), reason(2)]);
    expect(signals).toEqual([{ signal: "logs", bits: 12, share: 0.6 }, { signal: "traces", bits: 4, share: 0.2 }, { signal: "rest", bits: 4, share: 0.2 }]);
  });
});
