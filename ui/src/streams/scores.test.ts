import { describe, expect, it } from "vitest";
import type { Window } from "../api/client";
import { readLevel, scoreOf, scoresOf } from "./scores";

function window(minute: number, more: Partial<Window> = {}): Window {
  return {
    timestamp: new Date(Date.UTC(2026, 10, 27, 12, minute + 1)).toISOString(), window_start: new Date(Date.UTC(2026, 10, 27, 12, minute)).toISOString(), service: "cart", component_id: "driftlockcbad",
    score: minute, p_value: 1, level: 1e-4, anomaly: false, streams: [{ signal: "logs", state: "ready", seen: 30, needed: 30, records: 1, p_value: 0.01, p_floor: 0.01, bits: 0, memory_bytes: 1 }], ...more,
  };
}

describe("the score over time", () => {
  it("is the service's, or one signal's own, with the level of then", () => {
    const windows = [window(1), window(2, { anomaly: true })];
    expect(scoresOf(windows, undefined)).toMatchObject({ scores: [1, 2], levels: [4, 4], flagged: [false, true] });
    expect(scoresOf(windows, "logs").scores).toEqual([2, 2]);
    expect(scoresOf(windows, "traces").scores).toEqual([null, null]);
  });

  it("breaks where windows are missing", () => {
    expect(scoresOf([window(1), window(2), window(9)], undefined).scores).toEqual([1, 2, null, 9]);
  });

  it("has one value for each time, also where two processes judged it", () => {
    expect(scoresOf([window(1), window(1, { score: 7 }), window(2)], undefined).scores).toEqual([1, 2]);
  });
});

describe("a level", () => {
  it("is as high as its p-value is small, without end where that is 0", () => {
    expect([1, 0.1, 1e-4, 0].map(scoreOf)).toEqual([0, 1, 4, 300]);
  });

  it("is read from a URL, or not", () => {
    expect([readLevel("3"), readLevel("4.5"), readLevel("0"), readLevel("99"), readLevel("x"), readLevel(null), readLevel("")]).toEqual([3, 4.5, undefined, undefined, undefined, undefined, undefined]);
  });
});
