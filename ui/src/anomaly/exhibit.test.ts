import { describe, expect, it } from "vitest";
import type { Reason } from "../api/client";
import { heat, isOfKind, of, pieces, unsampled } from "./exhibit";
import type { Exhibit } from "./exhibit";

describe("a record's pieces", () => {
  it("are the record again, put together", () => {
    const text = "größe 👍 of pool: exhausted!";
    for (const words of [undefined, [], [[0, 5, 1]], [[0, 5, 1], [6, 7, 2], [8, 10, 0], [17, 26, 12.5]]]) {
      expect(pieces(words === undefined ? { text } : { text, words }).map((p) => p.text).join("")).toBe(text);
    }
  });

  it("have the words with their costs, in characters and not in UTF-16", () => {
    expect(pieces({ text: "a 👍 bad", words: [[2, 3, 1], [4, 7, 9]] })).toEqual([{ text: "a " }, { text: "👍", bits: 1 }, { text: " " }, { text: "bad", bits: 9 }]);
  });

  it("leave places out that are none", () => {
    expect(pieces({ text: "abc", words: [[2, 9, 1], [1, 1, 1], [1, 2, 3], [0, 1, 4]] })).toEqual([{ text: "a" }, { text: "b", bits: 3 }, { text: "c" }]);
  });
});

it("heat rises with the bits in five steps", () => {
  expect([0, 0.99, 1, 2.9, 3, 6, 8.9, 9, 400].map(heat)).toEqual([0, 0, 1, 1, 2, 3, 3, 4, 4]);
});

it("a signal's part is found wherever it stands", () => {
  const exhibit: Exhibit = { signal: "traces", excerpts: [], also: [{ signal: "logs", excerpts: [{ time_ns: 1, text: "x" }] }] };
  expect(of(exhibit, "logs")?.excerpts).toHaveLength(1);
  expect(of(exhibit, "traces")?.signal).toBe("traces");
  expect(of(exhibit, "metrics")).toBeUndefined();
  expect(of(undefined, "logs")).toBeUndefined();
});

describe("a line's kind", () => {
  it("is a template with any text in its gaps", () => {
    for (const line of ["user 7 failed after 3 ms", "user  failed after  ms", "user a failed after b failed after c ms"]) expect(isOfKind("user <*> failed after <*> ms", line)).toBe(true);
    for (const line of ["user 7 failed after 3 s", "a user 7 failed after 3 ms", "user 7 after 3 ms", "user failed after ms", ""]) expect(isOfKind("user <*> failed after <*> ms", line)).toBe(false);
    expect(isOfKind("ready", "ready")).toBe(true);
    expect(isOfKind("ready", "ready ")).toBe(false);
    expect(isOfKind("<*>", "")).toBe(true);
    expect(isOfKind("ab<*>ba", "aba")).toBe(false);
  });
});

describe("lines that explain and were not sampled", () => {
  const reason = (more: Partial<Reason>): Reason => ({ signal: "logs", channel: "log_new", bits: 12, text: "", item: "disk <*> is full", observed: 3, expected: 0, sample: "disk sda is full", ...more });

  it("are shown by an example, each kind once, with its part of the bits", () => {
    expect(unsampled([reason({}), reason({ channel: "log_count", bits: 1 }), reason({ item: "out of memory", sample: "out of memory", observed: 1 })], [{ text: "ready" }]))
      .toEqual([{ text: "disk sda is full", share: 4 }, { text: "out of memory", share: 12 }]);
  });

  it("are none where a line of the kind was sampled, or there is none to show", () => {
    expect(unsampled([reason({})], [{ text: "disk sdb is full" }])).toEqual([]);
    expect(unsampled([reason({ item: "x" })], [{ text: "disk sda is full" }])).toEqual([]);
    expect(unsampled([reason({ observed: 0 }), reason({ sample: "" }), reason({ channel: "request" }), reason({ signal: "traces" })], [])).toEqual([]);
  });
});
