import { describe, expect, it } from "vitest";
import type { Anomaly } from "../api/client";
import { compact, groupIncidents, headline } from "./incidents";

function anomaly(service: string, minute: number, more: Partial<Anomaly> = {}): Anomaly {
  const at = (m: number) => new Date(Date.UTC(2026, 10, 27, 12, m)).toISOString();
  return {
    id: `${service}-${minute}`, timestamp: at(minute + 1), window_start: at(minute), service, stream_type: "logs", signals: ["logs"], status: "pending",
    kind: "anomaly", score: 5, p_value: 1e-5, p_floor: 0.01, level: 1e-4, ncd_score: 0, bits: 1, glass_box_explanation: `${service}: something`, reasons: [], channels: [],
    compression_baseline: 0, compression_window: 0, compression_combined: 0, entropy_baseline: 0, entropy_window: 0, permutation_p: 1, component_id: "c", config_hash: "", core_version: "",
    episode: { id: "e", started: at(minute), last: at(minute + 3), windows: 3, revision: 1, peak_p: 1e-5, peak: at(minute) },
    ...more,
  };
}

describe("incidents", () => {
  const shared = { incident_id: "i1" };
  const list = [
    anomaly("gateway", 25, { ...shared, incident_services: ["checkout", "gateway"], score: 9, signals: ["traces"], stream_type: "traces" }),
    anomaly("search", 22),
    anomaly("checkout", 20, { ...shared, incident_services: ["checkout"], p_value: 1e-3, score: 3, status: "resolved" }),
  ];

  it("gather what belongs together, where its newest anomaly stands", () => {
    expect(groupIncidents(list).map(({ id }) => id)).toEqual(["i1", "search-22"]);
  });

  it("are led by the likeliest cause, however small its score", () => {
    const [first] = groupIncidents(list);
    expect(first?.lead.service).toBe("checkout");
    expect(first?.services).toEqual(["checkout", "gateway"]);
    expect(first?.members.map(({ service }) => service)).toEqual(["checkout", "gateway"]);
  });

  it("are led by the worst where no cause is known", () => {
    const [only] = groupIncidents([anomaly("a", 1, { ...shared, score: 3 }), anomaly("b", 1, { ...shared, score: 8 })]);
    expect(only?.lead.service).toBe("b");
  });

  it("span all of their episodes, with the worst p-value and all signals", () => {
    expect(groupIncidents(list)[0]).toMatchObject({
      since: new Date(Date.UTC(2026, 10, 27, 12, 20)), last: new Date(Date.UTC(2026, 10, 27, 12, 28)), p: 1e-5, score: 9, signals: ["logs", "traces"], ongoing: true,
    });
  });

  it("are as settled as the least settled of them", () => {
    expect(groupIncidents(list)[0]?.status).toBe("pending");
    expect(groupIncidents([anomaly("a", 1, { status: "resolved" })])[0]?.status).toBe("resolved");
  });

  it("are over when every episode has ended", () => {
    const over = anomaly("a", 1);
    if (over.episode) over.episode.ended = over.timestamp;
    expect(groupIncidents([over])[0]?.ongoing).toBe(false);
  });

  it("are the same objects as long as their anomalies are", () => {
    const before = groupIncidents(list);
    const [changed, ...rest] = groupIncidents([...list.slice(0, 2), { ...list[2], status: "dismissed" } as Anomaly, anomaly("cart", 1)]);
    expect(rest[0]).toBe(before[1]);
    expect(changed).not.toBe(before[0]);
    expect(changed?.status).toBe("pending");
    expect(changed?.members.map(({ status }) => status)).toEqual(["dismissed", "pending"]);
    expect(groupIncidents(list.slice(1)).map(({ id, members }) => [id, members.length])).toEqual([["search-22", 1], ["i1", 1]]);
  });

  it("group ten thousand without losing one", () => {
    const many = Array.from({ length: 10_000 }, (_, i) => anomaly(`s${i % 40}`, i % 60, { id: `a${i}`, incident_id: `i${i % 2500}` }));
    const groups = groupIncidents(many);
    expect(groups).toHaveLength(2500);
    expect(groups.reduce((sum, { members }) => sum + members.length, 0)).toBe(10_000);
  });
});

describe("a series in a sentence", () => {
  it("shows what its attributes are, not what they are called", () => {
    expect(compact("http.server.request.duration{http.request.method=POST http.route=/cart/{user}/items} mean is 35ms")).toBe("http.server.request.duration{POST /cart/{user}/items} mean is 35ms");
  });

  it("leaves other texts alone, also those that only begin like one", () => {
    for (const text of ["log line “a {b} c” 4 times", "x{y=1", "", "{}"]) expect(compact(text)).toBe(text);
  });
});

describe("a headline", () => {
  it("is the first reason, else the explanation without service, time and what follows", () => {
    expect(headline(anomaly("cart", 1, { reasons: [{ signal: "logs", channel: "log_new", bits: 8, text: "log line “x” 4 times", item: "x", observed: 4, expected: 0 }] }))).toBe("log line “x” 4 times");
    const explanation = "cart: no logs for 3 min, usual 40 a minute, in the minute from 2026-11-27 12:01:00 UTC. Look at checkout first.\nMore.";
    expect(headline(anomaly("cart", 1, { kind: "silence", glass_box_explanation: explanation }))).toBe("no logs for 3 min, usual 40 a minute");
    expect(headline(anomaly("cart", 1, { kind: "gap", glass_box_explanation: "Most streams stopped together. The pipeline did." }))).toBe("Most streams stopped together");
  });
});
