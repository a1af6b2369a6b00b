import { describe, expect, it } from "vitest";
import { heat, of, pieces } from "./exhibit";
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
