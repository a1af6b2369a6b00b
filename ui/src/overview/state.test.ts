import { describe, expect, it } from "vitest";
import { readState, widened } from "./state";
import { changed } from "../route/location";

describe("the overview's URL", () => {
  it("says everything that the view shows", () => {
    const state = readState(new URLSearchParams("service=cart&signal=logs&status=pending&q=pool&sort=-score&live=off&at=a&open=b&lanes=all&from=2026-11-27T10:00:00Z&to=2026-11-27T11:00:00Z"));
    expect(state).toEqual({
      range: { kind: "fixed", from: new Date("2026-11-27T10:00:00Z"), to: new Date("2026-11-27T11:00:00Z") },
      filters: { service: "cart", stream_type: "logs", status: "pending", q: "pool", start_time: "2026-11-27T10:00:00.000Z", end_time: "2026-11-27T11:00:00.000Z" },
      sort: "-score", paused: true, selected: "a", opened: "b", allLanes: true, narrowed: true,
    });
  });

  it("may say nothing, or nonsense", () => {
    const plain = readState(new URLSearchParams());
    expect(plain).toMatchObject({ range: { kind: "last", milliseconds: 6 * 3_600_000 }, sort: "-timestamp", paused: false, narrowed: false });
    expect(readState(new URLSearchParams("signal=smoke&status=odd&sort=up&live=maybe&range=x"))).toEqual(plain);
  });

  it("is wide again when every narrowing is taken away", () => {
    const search = changed("?service=cart&signal=logs&status=pending&q=x&from=2026-11-27T10:00:00Z&to=2026-11-27T11:00:00Z&sort=-score", widened);
    expect(search).toBe("?sort=-score");
    expect(readState(new URLSearchParams(search)).narrowed).toBe(false);
  });
});
