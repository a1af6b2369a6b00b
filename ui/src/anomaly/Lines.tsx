import { useState } from "react";
import type { Anomaly } from "../api/client";
import { utc } from "../time/format";
import { Section } from "./Section";
import { heat, heats, of, pieces, unsampled } from "./exhibit";
import type { ShownLine } from "./exhibit";

// Written out, so that the style sheet is made with them. Beside its ground each step has a line of its own.
const grounds = ["", "heat-1", "heat-2", "heat-3", "heat-4"] as const;
const few = 6;

/** The window's log lines beside the past's, each word on a ground of what it costs. */
export function Lines({ anomaly }: { anomaly: Anomaly }) {
  const now = of(anomaly.window_data, "logs")?.excerpts ?? [];
  const past = of(anomaly.baseline_data, "logs")?.excerpts ?? [];
  const examples = unsampled(anomaly.reasons ?? [], now);
  const [all, setAll] = useState(false);
  if (now.length + examples.length === 0) return null;
  const priced = now.some(({ words }) => words !== undefined && words.length > 0);
  return (
    <Section title="Log lines" name="lines"
      about={priced && <>The ground of a word says what it costs given the word before it, by the words of the sampled past: a value is one word whatever it holds, and so is every word never seen. It shows where a line is unlike the past; what lines of its kind cost the window, each its part, is on the left.</>}>
      {priced && <Legend />}
      <div className="grid gap-4 md:grid-cols-2">
        <Side title="In this window" lines={costliest([...examples, ...now])} all={all} />
        <Side title="The past, newest" lines={[...past].reverse()} all={all} />
      </div>
      {Math.max(now.length + examples.length, past.length) > few && <button type="button" className="button mt-3" aria-expanded={all} onClick={() => setAll(!all)}>{all ? "Fewer lines" : `All ${now.length + examples.length + past.length} lines`}</button>}
    </Section>
  );
}

function costliest(lines: readonly ShownLine[]): ShownLine[] {
  return [...lines].sort((a, b) => (b.share ?? 0) - (a.share ?? 0) || (b.bits ?? 0) - (a.bits ?? 0) || (a.time_ns ?? 0) - (b.time_ns ?? 0));
}

function Legend() {
  return (
    <p className="mb-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-quiet" aria-hidden="true">
      bits of a word: <span className="font-mono text-ink">under {heats[0]}</span>
      {heats.map((from, i) => <span key={from} className={`px-1 font-mono text-ink ${grounds[i + 1] ?? ""}`}>{from}{i + 1 < heats.length ? `–${heats[i + 1] ?? ""}` : " or more"}</span>)}
    </p>
  );
}

function Side({ title, lines, all }: { title: string; lines: readonly ShownLine[]; all: boolean }) {
  const shares = lines.some(({ share }) => share !== undefined);
  return (
    <div className="min-w-0">
      <h3 className="section-title mb-1.5">{title}</h3>
      {lines.length === 0
        ? <p className="text-sm text-quiet">None were kept.</p>
        : <ul className="sheet divide-y divide-rule overflow-hidden">{(all ? lines : lines.slice(0, few)).map((line, i) => <Line key={`${line.time_ns ?? ""}-${i}`} line={line} shares={shares} />)}</ul>}
    </div>
  );
}

function Line({ line, shares }: { line: ShownLine; shares: boolean }) {
  const parts = pieces(line);
  const hottest = parts.filter(({ bits }) => bits !== undefined && heat(bits) >= 3);
  const at = line.time_ns === undefined ? "not among the sampled lines, so that its words have no price" : utc(new Date(line.time_ns / 1e6));
  return (
    <li className={`px-2 py-1.5 text-xs leading-5 ${shares ? "grid grid-cols-[2.75rem_minmax(0,1fr)] gap-x-2" : ""}`} title={`${at}${line.bits === undefined ? "" : `, its words cost ${line.bits.toFixed(1)} bits`}`}>
      {shares && <span className={`text-right ${(line.share ?? 0) >= 0.05 ? "font-semibold text-ink" : "text-quiet"}`} title="bits of the window">{line.share?.toFixed(1)}</span>}
      <span className="font-mono whitespace-pre-wrap wrap-anywhere">
        {parts.map(({ text, bits }, i) => (bits === undefined ? text : <span key={i} className={grounds[heat(bits)]} title={`${bits.toFixed(1)} bits`}>{text}</span>))}
        {line.time_ns === undefined && <span className="ml-1.5 font-sans text-quiet">an example, not sampled</span>}
        {hottest.length > 0 && <span className="sr-only">. Unlike the past: {hottest.map(({ text, bits }) => `${text}, ${(bits ?? 0).toFixed(1)} bits`).join("; ")}</span>}
      </span>
    </li>
  );
}
