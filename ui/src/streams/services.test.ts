import { describe, expect, it } from "vitest";
import type { Signal, Stream } from "../api/client";
import { bytes, choose, gather, rateOf } from "./services";

function stream(service: string, signal: Signal, more: Partial<Stream> = {}): Stream {
  return {
    service, signal, component_id: "driftlockcbad", timestamp: "2026-11-27T12:01:00Z", window_start: "2026-11-27T12:00:00Z", score: 1, level: 1e-4, anomaly: false,
    state: "ready", seen: 30, needed: 30, records: 90, p_value: 1, p_floor: 0.01, bits: 0, memory_bytes: 1000, ...more,
  };
}

describe("services", () => {
  const services = gather([
    stream("cart", "logs"), stream("cart", "traces", { state: "warming" }), stream("auth", "logs", { score: 4, memory_bytes: 10 }), stream("cart", "logs", { component_id: "driftlockcbad/host" }),
  ]);

  it("have all of their streams, apart for each processor that watches them", () => {
    expect(services.map(({ name, component, memory, streams }) => [name, component, memory, Object.keys(streams)])).toEqual([
      ["cart", "driftlockcbad", 2000, ["logs", "traces"]], ["auth", "driftlockcbad", 10, ["logs"]], ["cart", "driftlockcbad/host", 1000, ["logs"]],
    ]);
  });

  it("are found by name or processor, by state, in three orders", () => {
    const names = (...args: [string, string | undefined, "name" | "score" | "memory"]) => choose(services, ...args).map(({ name }) => name);
    expect(names("", undefined, "name")).toEqual(["auth", "cart", "cart"]);
    expect(names("CAR", undefined, "name")).toEqual(["cart", "cart"]);
    expect(names("host", undefined, "name")).toEqual(["cart"]);
    expect(names("", "warming", "name")).toEqual(["cart"]);
    expect(names("", undefined, "score")).toEqual(["auth", "cart", "cart"]);
    expect(names("", undefined, "memory")).toEqual(["cart", "cart", "auth"]);
  });

  it("have a rate by their window's length, however long that is", () => {
    expect(rateOf(stream("cart", "logs"))).toBe(1.5);
    expect(rateOf(stream("cart", "logs", { window_start: "2026-11-27T12:01:00Z" }))).toBe(0);
  });
});

describe("bytes", () => {
  it("are told in the unit that fits", () => {
    expect([0, 820, 1024, 413_081, 1_258_291, 5e12].map(bytes)).toEqual(["0 B", "820 B", "1.0 KiB", "403 KiB", "1.2 MiB", "4.5 TiB"]);
  });
});
