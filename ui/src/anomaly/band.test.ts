import { describe, expect, it } from "vitest";
import { columns, expectedAt, valueRange, within } from "./band";

const series = {
  item: "cpu", bits: 3, start: "2026-11-27T10:00:00Z", window: 2,
  points: [[0, 1], [60, 2], [120, 9], [120, 8]],
  expected: [[0, 1.5, 1, 2], [100, 2.5, 2, 3]],
};

describe("a series around a window", () => {
  it("has the band of each point's time", () => {
    expect(expectedAt(series.expected, 50)).toEqual({ value: 1.5, low: 1, high: 2 });
    expect(expectedAt(series.expected, 100)).toEqual({ value: 2.5, low: 2, high: 3 });
    expect(expectedAt(series.expected, -5)).toEqual({ value: 1.5, low: 1, high: 2 });
    expect(expectedAt(undefined, 0)).toBeUndefined();
    expect([within(series, 60, 2), within(series, 60, 2.1), within(series, 120, 2.1), within({}, 0, 1e9)]).toEqual([true, false, true, true]);
  });

  it("comes as columns of one length whose times rise", () => {
    const all = columns(series);
    expect(all.map(({ length }) => length)).toEqual([4, 4, 4, 4, 4, 4]);
    const [times, low, high, , past, now] = all;
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBe(4);
    expect(times[0]).toBe(Date.parse(series.start) / 1000);
    expect(past).toEqual([1, 2, null, null]);
    expect(now).toEqual([null, null, 9, 8]);
    expect([low[0], high[3]]).toEqual([1, 3]);
  });

  it("shows all its points, and a band only as far as it does not flatten them", () => {
    const [low, high] = valueRange(series);
    expect(low).toBeLessThanOrEqual(1);
    expect(high).toBeGreaterThanOrEqual(9);
    const [least, most] = valueRange({ points: [[0, 5], [1, 6]], expected: [[0, 5, -1e6, 1e6]] });
    expect(least).toBeGreaterThan(-10);
    expect(most).toBeLessThan(20);
    const [a, b] = valueRange({ points: [[0, 0]] });
    expect(a).toBeLessThan(b);
  });
});
