import { describe, expect, it } from "vitest";
import { anomalousPath, brushed, keepPlaces, lanePaths } from "./lanes";

describe("a lane", () => {
  it("has a bar for each bucket with data, in its severity's path, higher where the score is", () => {
    const [usual, slight, clear, strong, extreme] = lanePaths([0, null, 4, 45], 24);
    expect(usual).toBe("M0 24h.86v-1.00h-.86z");
    expect(slight).toBe("M2 24h.86v-11.00h-.86z");
    expect([clear, strong]).toEqual(["", ""]);
    expect(extreme).toBe("M3 24h.86v-22.00h-.86z");
  });

  it("marks what was stated", () => {
    expect(anomalousPath([0, 2, 0], 24)).toBe("M1 0h.86v24h-.86z");
  });
});

describe("a brush", () => {
  it("takes whole buckets, whichever way it is drawn, within the lane", () => {
    expect(brushed(100, 260, 1000, 100)).toEqual({ first: 10, end: 26 });
    expect(brushed(260, 100, 1000, 100)).toEqual({ first: 10, end: 26 });
    expect(brushed(-50, 5, 1000, 100)).toEqual({ first: 0, end: 1 });
    expect(brushed(999, 1400, 1000, 100)).toEqual({ first: 99, end: 100 });
    expect(brushed(1000, 1000, 1000, 100)).toEqual({ first: 99, end: 100 });
  });
});

describe("the places of lanes", () => {
  it("stay, however the order by severity changes", () => {
    expect(keepPlaces(["a", "b", "c"], ["c", "a", "b"])).toEqual(["a", "b", "c"]);
  });

  it("are taken over from those that are gone", () => {
    expect(keepPlaces(["a", "b", "c"], ["d", "c", "a"])).toEqual(["a", "d", "c"]);
    expect(keepPlaces(["a", "b"], ["c", "d", "e"])).toEqual(["c", "d", "e"]);
  });

  it("are as many as there are lanes, each once", () => {
    expect(keepPlaces([], ["b", "a"])).toEqual(["b", "a"]);
    expect(keepPlaces(["a", "b", "c"], ["c"])).toEqual(["c"]);
    expect(keepPlaces(["a", "b"], [])).toEqual([]);
  });
});
