import { describe, expect, it } from "vitest";
import { changed } from "./location";
import { matchRoute } from "./match";

describe("the query of a place", () => {
  it("changes only what it is told to, and keeps the order", () => {
    expect(changed("?a=1&b=2", { b: "3", c: "x y" })).toBe("?a=1&b=3&c=x+y");
    expect(changed("?a=1&b=2", { a: null })).toBe("?b=2");
    expect(changed("?a=1", { a: "" })).toBe("");
  });

  it("carries any text", () => {
    const text = "a&b=c “d” é %2B";
    expect(new URLSearchParams(changed("", { q: text })).get("q")).toBe(text);
  });
});

describe("a path", () => {
  it("names a page", () => {
    expect(matchRoute("/")).toEqual({ page: "overview" });
    expect(matchRoute("/streams/")).toEqual({ page: "streams" });
    expect(matchRoute("/anomalies/219A7C11-01d7-8bfa-ab0d-3b144dd09a56")).toEqual({ page: "anomaly", id: "219a7c11-01d7-8bfa-ab0d-3b144dd09a56" });
  });

  it("names none that there is not", () => {
    for (const path of ["/anomalies", "/anomalies/1", "/streams/x", "/settings/a/b", "/nothing"]) expect(matchRoute(path)).toEqual({ page: "unknown" });
  });
});
