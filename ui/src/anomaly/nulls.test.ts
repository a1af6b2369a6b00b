import { describe, expect, it } from "vitest";
import { described, drawn } from "./nulls";
import type { Null } from "./nulls";

const past = (more: Partial<Null> = {}): Null => ({ channel: "log_count", observed: 40, low: 0, width: 0.5, counts: [180, 12, 0, 1], ...more });

describe("the null distribution", () => {
  it("keeps everything on one axis, the window where it stands", () => {
    for (const observed of [-5, 0, 0.2, 1.9, 2, 40, 1e6]) {
      const { bars, mark } = drawn(past({ observed }));
      for (const { from, to, height } of bars) {
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(1);
        expect(to).toBeGreaterThan(from);
        expect(height).toBeGreaterThanOrEqual(0);
        expect(height).toBeLessThanOrEqual(1);
      }
      expect(mark).toBeGreaterThanOrEqual(0);
      expect(mark).toBeLessThanOrEqual(1);
    }
  });

  it("shows one window of the tail beside hundreds, and nothing where there is none", () => {
    const { bars } = drawn(past());
    expect(bars[3]?.height).toBeGreaterThan(0.1);
    expect(bars[2]?.height).toBe(0);
    expect(bars[0]?.height).toBe(1);
  });

  it("counts the past and what is as far out", () => {
    expect(drawn(past())).toMatchObject({ past: 193, beyond: 0 });
    expect(drawn(past({ observed: 0.6 }))).toMatchObject({ beyond: 13 });
    expect(drawn(past({ observed: 2, width: 0, low: 2, counts: [7] }))).toMatchObject({ past: 7, beyond: 7 });
    expect(drawn(past({ observed: 3, width: 0, low: 2, counts: [7] }))).toMatchObject({ beyond: 0 });
  });

  it("is told in words", () => {
    expect(described(past())).toBe("The window’s 40.0 is further out than all of them: 193 past windows lie between 0.0 and 2.0.");
  });
});
