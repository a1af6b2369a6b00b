import { expect, it } from "vitest";
import { traceHref } from "./TraceLink";

it("a trace has an address only where the configuration names one of the web", () => {
  expect(traceHref("https://jaeger.example/trace/{trace_id}", "ab12")).toBe("https://jaeger.example/trace/ab12");
  expect(traceHref("https://x/?q={trace_id}", "a&b")).toBe("https://x/?q=a%26b");
  for (const template of ["", "javascript:alert('{trace_id}')", "https://x/none", "//x/{trace_id}"]) expect(traceHref(template, "ab")).toBeUndefined();
});
