import { describe, expect, it } from "vitest";
import { tree } from "./tree";
import type { Call } from "./tree";

const call = (parent_id: string, id: string, bits = 0, spans = 1): Call =>
  ({ id, parent_id, operation: `op ${id}`, parent: `op ${parent_id}`, spans, errors: 0, duration_ns: 1, bits });
const drawn = (calls: Call[]) => tree(calls).map(({ operation, depth, bits }) => `${" ".repeat(depth)}${operation} ${bits}`);

describe("the call tree", () => {
  it("has callers of other services as roots, and the costliest branch first", () => {
    expect(drawn([call("x", "a", 0, 50), call("a", "b", 2), call("a", "c", 9), call("y", "d", 1, 5)])).toEqual([
      "op x 11", " op a 11", "  op c 9", "  op b 2", "op y 1", " op d 1",
    ]);
  });

  it("shows every edge once, an operation under each of its callers", () => {
    const calls = [call("x", "a"), call("y", "a"), call("a", "b", 3)];
    const rows = tree(calls).filter((row) => row.call);
    expect(rows.map(({ key }) => key).sort()).toEqual(["a>b", "x>a", "y>a"]);
  });

  it("ends where calls go in a circle", () => {
    expect(drawn([call("a", "b", 1), call("b", "a", 2), call("c", "c", 4)])).toHaveLength(3);
    expect(drawn([call("x", "a", 1), call("a", "a", 2)])).toEqual(["op x 3", " op a 3", "  op a 2"]);
  });

  it("is drawn at once where everything calls everything", () => {
    const ids = ["a", "b", "c", "d", "e"];
    const calls = ids.flatMap((from) => ids.map((to) => call(from, to, 1)));
    expect(tree(calls).filter((row) => row.call)).toHaveLength(25);
  });

  it("is empty without calls", () => {
    expect(tree([])).toEqual([]);
  });
});
