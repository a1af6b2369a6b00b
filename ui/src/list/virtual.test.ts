import { describe, expect, it } from "vitest";
import { offsetsOf, rowAt, scrollTo, visible } from "./virtual";

describe("a list that draws only what is on screen", () => {
  const heights = Array.from({ length: 10_000 }, (_, index) => 40 + (index % 7) * 10);
  const offsets = offsetsOf(heights);

  it("finds the row at a place as counting them would", () => {
    let begin = 0;
    for (const [row, height] of heights.entries()) {
      if (row % 97 === 0) {
        expect(rowAt(offsets, begin)).toBe(row);
        expect(rowAt(offsets, begin + height - 0.5)).toBe(row);
      }
      begin += height;
    }
    expect(rowAt(offsets, -5)).toBe(0);
    expect(rowAt(offsets, begin + 1e6)).toBe(9999);
  });

  it("draws every row that is seen, and few that are not", () => {
    for (const top of [-300, 0, 12_345, 350_000, 1e9]) {
      const { first, end } = visible(offsets, top, 800, 5);
      for (let row = 0; row < heights.length; row++) {
        const seen = (offsets[row + 1] ?? 0) > top && (offsets[row] ?? 0) < top + 800;
        if (seen && (row < first || row >= end)) expect.fail(`row ${row} is not drawn at ${top}`);
      }
      expect(end - first).toBeLessThanOrEqual(800 / 40 + 12);
    }
  });

  it("has nothing to draw of nothing", () => {
    expect(visible(offsetsOf([]), 0, 800, 5)).toEqual({ first: 0, end: 0 });
  });

  it("scrolls no further than a row needs", () => {
    const even = offsetsOf(Array.from({ length: 100 }, () => 50));
    expect(scrollTo(even, 10, 400, 500, 0)).toBe(0);
    expect(scrollTo(even, 7, 400, 500, 0)).toBe(-50);
    expect(scrollTo(even, 8, 400, 500, 60)).toBe(-60);
    expect(scrollTo(even, 18, 400, 500, 0)).toBe(50);
  });
});
