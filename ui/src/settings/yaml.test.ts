import { expect, it } from "vitest";
import { parse } from "yaml";
import { toYaml } from "./yaml";

it("a configuration is written as YAML that reads back as the same", () => {
  const config = {
    extensions: { "driftlockapi/a": { endpoint: "localhost:8080", store: { path: "./data/x.db" }, cors: [], tls: {}, level: null, name: "true", empty: "", padded: " x " } },
    service: { pipelines: { logs: { receivers: ["otlp", "file_log"], exporters: [] }, list: [{ a: 1, b: { c: [1, 2.5, false] } }, ["x", ["y"]], "- z", "#no", "é: “q”\n2"] } },
    "0": "1e3", secret: "[REDACTED]",
  };
  expect(parse(toYaml(config))).toEqual(config);
});

it("is easy to read", () => {
  expect(toYaml({ receivers: { otlp: { protocols: { grpc: { endpoint: "localhost:4317" } } } }, list: ["a", { b: 1 }] }))
    .toBe("receivers:\n  otlp:\n    protocols:\n      grpc:\n        endpoint: \"localhost:4317\"\nlist:\n  - a\n  - b: 1\n");
});
