import { describe, expect, it } from "vitest";
import { local, relative, span, utc } from "./format";

const now = new Date("2026-11-27T16:30:00Z");

describe("times", () => {
  it("are told in the reader's zone, with the day where it is not today's there", () => {
    expect(local(new Date("2026-11-27T16:25:30Z"), now, "UTC")).toBe("16:25");
    expect(local(new Date("2026-11-27T16:25:30Z"), now, "Europe/Berlin")).toBe("17:25");
    expect(local(new Date("2026-11-26T23:30:00Z"), now, "UTC")).toBe("26 Nov 23:30");
    expect(local(new Date("2026-11-26T23:30:00Z"), now, "Europe/Berlin")).toBe("00:30");
    expect(local(new Date("2025-11-27T16:25:00Z"), now, "UTC")).toBe("27 Nov 2025 16:25");
  });

  it("have their UTC form beside them", () => {
    expect(utc(new Date("2026-11-27T16:25:30.5Z"))).toBe("2026-11-27 16:25:30 UTC");
  });

  it("are so long ago, or to come", () => {
    expect(relative(new Date("2026-11-27T16:29:55Z"), now)).toBe("now");
    expect(relative(new Date("2026-11-27T16:18:00Z"), now)).toBe("12 min ago");
    expect(relative(new Date("2026-11-27T12:18:00Z"), now)).toBe("4 h ago");
    expect(relative(new Date("2026-11-30T16:30:00Z"), now)).toBe("in 3 d");
  });

  it("last two units at most", () => {
    expect([45_999, 60_000, 3_600_000, 12_000_000, 86_400_000, 97_200_000, -5].map(span))
      .toEqual(["45 s", "1 min", "1 h", "3 h 20 min", "1 d", "1 d 3 h", "0 s"]);
  });
});
