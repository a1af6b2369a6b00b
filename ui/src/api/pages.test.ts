import { describe, expect, it } from "vitest";
import type { Anomaly } from "./client";
import { merged } from "./pages";
import type { Pages } from "./pages";

function anomaly(id: string, minute: number, more: Partial<Anomaly> = {}): Anomaly {
  return {
    id, timestamp: new Date(Date.UTC(2026, 10, 27, 12, minute)).toISOString(), window_start: "", service: "cart", stream_type: "logs", signals: ["logs"], status: "pending",
    kind: "anomaly", score: minute, p_value: 1e-6, p_floor: 0.01, level: 1e-4, ncd_score: 0, bits: 1, glass_box_explanation: "cart: something", reasons: [], channels: [],
    compression_baseline: 0, compression_window: 0, compression_combined: 0, entropy_baseline: 0, entropy_window: 0, permutation_p: 1, component_id: "c", config_hash: "", core_version: "",
    ...more,
  };
}

function pages(cursor: string, ...lists: Anomaly[][]): Pages {
  return { pages: lists.map((anomalies, at) => ({ anomalies, next_cursor: at < lists.length - 1 ? "more" : cursor })), pageParams: lists.map(String) };
}

const ids = (p: Pages) => p.pages.map((page) => page.anomalies.map(({ id }) => id).join(""));

describe("what comes live", () => {
  const shown = pages("more", [anomaly("d", 40), anomaly("c", 30)], [anomaly("b", 20)]);

  it("goes to its place, which is not always the top", () => {
    expect(ids(merged(shown, anomaly("e", 50), {}, "-timestamp"))).toEqual(["edc", "b"]);
    expect(ids(merged(shown, anomaly("x", 25), {}, "-timestamp"))).toEqual(["dc", "xb"]);
    expect(ids(merged(shown, anomaly("x", 50, { score: 35 }), {}, "-score"))).toEqual(["dxc", "b"]);
  });

  it("waits for its page where that is not loaded, and ends the list where nothing follows", () => {
    expect(merged(shown, anomaly("a", 1), {}, "-timestamp")).toBe(shown);
    expect(ids(merged(pages("", [anomaly("b", 20)]), anomaly("a", 1), {}, "-timestamp"))).toEqual(["ba"]);
    expect(ids(merged(pages("", []), anomaly("a", 1), {}, "-timestamp"))).toEqual(["a"]);
  });

  it("replaces what is shown where it stands, also when the filters would now leave it out", () => {
    const next = merged(shown, anomaly("c", 30, { status: "resolved" }), { status: "pending" }, "-timestamp");
    expect(ids(next)).toEqual(["dc", "b"]);
    expect(next.pages[0]?.anomalies[1]?.status).toBe("resolved");
  });

  it("does not bring back what is older than what is shown", () => {
    const held = pages("", [anomaly("c", 30, { updated_at: "2026-11-27T12:31:00Z" })]);
    expect(merged(held, anomaly("c", 30, { updated_at: "2026-11-27T12:30:00Z" }), {}, "-timestamp")).toBe(held);
  });

  it("is left out where the filters leave it out", () => {
    const came = anomaly("e", 50, { service: "checkout", glass_box_explanation: "checkout: Pool exhausted" });
    for (const filters of [{ service: "cart" }, { stream_type: "traces" as const }, { status: "resolved" as const }, { q: "timeout" }, { end_time: "2026-11-27T12:50:00Z" }]) {
      expect(merged(shown, came, filters, "-timestamp")).toBe(shown);
    }
    expect(ids(merged(shown, came, { q: "pool EXHAUSTED", start_time: "2026-11-27T12:50:00Z" }, "-timestamp"))).toEqual(["edc", "b"]);
  });
});
