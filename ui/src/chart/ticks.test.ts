import { describe, expect, it } from "vitest";
import { tickLabel, timeTicks } from "./ticks";

const at = (text: string) => Date.parse(text);

describe("the marks of a time axis", () => {
  it("stand at round times, no more than there is room for", () => {
    expect(timeTicks(at("2026-11-27T10:42:00Z"), at("2026-11-27T16:45:00Z"), 8, 0).map((tick) => tickLabel(tick, "UTC"))).toEqual(["11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]);
    for (const hours of [0.1, 1, 6, 24, 72, 168, 744]) {
      const to = at("2026-11-27T16:45:00Z");
      expect(timeTicks(to - hours * 3_600_000, to, 8, 0).length).toBeLessThanOrEqual(9);
    }
  });

  it("are round where the reader is", () => {
    const ticks = timeTicks(at("2026-11-27T10:00:00Z"), at("2026-11-28T10:00:00Z"), 4, -330);
    expect(ticks.map((tick) => tickLabel(tick, "Asia/Kolkata"))).toEqual(["18:00", "28 Nov", "06:00", "12:00"]);
  });
});
