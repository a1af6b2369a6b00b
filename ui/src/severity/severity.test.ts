import { describe, expect, it } from "vitest";
import { formatP, heightOf, oneIn, severityOf } from "./severity";

describe("the severity of a score", () => {
  it("rises in five named steps", () => {
    expect([0, 2.99, 3, 5, 8, 12, 45, NaN].map((score) => severityOf(score).name))
      .toEqual(["usual", "usual", "slight", "clear", "strong", "extreme", "extreme", "usual"]);
  });

  it("has a height that grows with the score and stays within its lane", () => {
    const scores = [0, 0.5, 1, 2, 3.99, 4, 4.01, 7, 12, 40];
    const heights = scores.map(heightOf);
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    expect(heights[0]).toBe(0);
    expect(heightOf(4)).toBe(0.5);
    expect(heightOf(1e9)).toBe(1);
    expect(heightOf(NaN)).toBe(0);
    expect(heightOf(-1)).toBe(0);
  });
});

describe("a p-value", () => {
  it("is written as people write it", () => {
    expect([1, 0.034, 0.001, 7.644e-6, 1e-45, 0].map(formatP)).toEqual(["1", "0.034", "0.001", "7.6 × 10⁻⁶", "1.0 × 10⁻⁴⁵", "< 10⁻³⁰⁰"]);
  });

  it("is once in so many windows", () => {
    expect([1, 0.01, 7.644e-6, 1e-9].map(oneIn)).toEqual(["always", "1 in 100", "1 in 130,000", "1 in 10⁹"]);
  });
});
