import { describe, expect, it } from "vitest";
import { EventParser } from "./parse";

const stream = "id: 1\nevent: hello\ndata: {}\n\nretry: 2000\n\n: alive\n\nid: 2\nevent: anomaly\ndata: {\"id\":\"a\",\ndata: \"b\":1}\n\n";
const events = [
  { id: "1", event: "hello", data: "{}" },
  { id: "2", event: "anomaly", data: "{\"id\":\"a\",\n\"b\":1}" },
];

describe("an event stream", () => {
  it("yields the same events wherever its pieces break", () => {
    for (let size = 1; size <= stream.length; size++) {
      const parser = new EventParser();
      const got = [];
      for (let at = 0; at < stream.length; at += size) got.push(...parser.push(stream.slice(at, at + size)));
      expect(got).toEqual(events);
      expect(parser.lastId).toBe("2");
      expect(parser.retry).toBe(2000);
    }
  });

  it("takes CR LF and CR for line ends, also where a piece ends between them", () => {
    for (const end of ["\r\n", "\r"]) {
      const parser = new EventParser();
      const text = `${stream.replaceAll("\n", end)}:\n`;
      expect(text.split(/(?<=[^])/u).flatMap((c) => parser.push(c))).toEqual(events);
    }
  });

  it("keeps an event that is not complete to itself", () => {
    const parser = new EventParser();
    expect(parser.push("id: 7\ndata: x\n")).toEqual([]);
    expect(parser.push("\n")).toEqual([{ id: "7", event: "message", data: "x" }]);
  });

  it("ignores what the standard ignores: a byte order mark, unknown fields, an id with a zero, a retry that is no number", () => {
    const parser = new EventParser();
    expect(parser.push("\uFEFFfoo: bar\nid: a\0b\nretry: soon\ndata\n\n")).toEqual([{ id: "", event: "message", data: "" }]);
    expect(parser.retry).toBeUndefined();
  });

  it("takes one blank behind the colon away, and no more", () => {
    expect(new EventParser().push("data:  x\n\n")[0]?.data).toBe(" x");
  });

  it("refuses to hold a line without end", () => {
    const parser = new EventParser();
    expect(() => {
      for (let i = 0; i < 10; i++) parser.push("x".repeat(1 << 20));
    }).toThrow("too long");
  });
});
