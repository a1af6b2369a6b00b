import { describe, expect, it } from "vitest";
import { moved, parseSpan, readRange, resolve, writeRange, zoomed } from "./range";

const now = new Date("2026-11-27T16:00:00Z");
const hour = 3_600_000;

describe("a range in the URL", () => {
  it("is read back as it was written", () => {
    for (const search of ["range=1h", "range=90m", "range=7d", "range=24h", "from=2026-11-27T10%3A00%3A00Z&to=2026-11-27T11%3A00%3A00Z", ""]) {
      const changes = writeRange(readRange(new URLSearchParams(search), "6h"), "6h");
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(changes)) if (value !== null) query.set(name, value);
      expect(query.toString()).toBe(search);
    }
  });

  it("falls back where it says nothing that can be shown", () => {
    const usual = { kind: "last", milliseconds: 6 * hour };
    for (const search of ["range=0h", "range=forever", "range=1m", "range=9999d", "from=2026-11-27T11:00:00Z&to=2026-11-27T10:00:00Z", "from=yesterday&to=today"]) {
      expect(readRange(new URLSearchParams(search), "6h")).toEqual(usual);
    }
  });

  it("knows minutes, hours and days", () => {
    expect([parseSpan("15m"), parseSpan("6h"), parseSpan("7d"), parseSpan("7w"), parseSpan("1.5h")]).toEqual([900_000, 6 * hour, 168 * hour, undefined, undefined]);
  });
});

describe("zooming and moving", () => {
  it("keeps what ends now ending now", () => {
    expect(zoomed({ kind: "last", milliseconds: 6 * hour }, 0.5, now)).toEqual({ kind: "last", milliseconds: 3 * hour });
  });

  it("keeps the middle of a fixed range, and ends no later than now", () => {
    const range = { kind: "fixed", from: new Date(now.getTime() - 4 * hour), to: new Date(now.getTime() - 2 * hour) } as const;
    expect(resolve(zoomed(range, 0.5, now), now)).toMatchObject({ from: new Date(now.getTime() - 3.5 * hour), to: new Date(now.getTime() - 2.5 * hour) });
    expect(resolve(zoomed(range, 10, now), now).to).toEqual(now);
    expect(resolve(moved(range, 5, now), now)).toMatchObject({ from: new Date(now.getTime() - 2 * hour), to: now });
    expect(resolve(moved(range, -0.5, now), now).from).toEqual(new Date(now.getTime() - 5 * hour));
  });

  it("goes no further in than five minutes", () => {
    expect(zoomed({ kind: "last", milliseconds: 6 * 60_000 }, 0.01, now)).toEqual({ kind: "last", milliseconds: 5 * 60_000 });
  });
});
