import { useState } from "react";
import type { Anomaly, Reason } from "../api/client";
import { SignalName, signalFills } from "./SignalName";
import { Section } from "./Section";
import { TraceLinks } from "./TraceLink";
import { bill } from "./bits";
import type { Part } from "./bits";
import { quantity } from "./quantity";

/** What the window cost, reason by reason: bars that add up. */
export function Bill({ anomaly }: { anomaly: Anomaly }) {
  const { total, parts, signals } = bill(anomaly.bits, anomaly.reasons ?? []);
  return (
    <Section title={`${total.toFixed(1)} bits more than usual`} name="bill"
      about="Each bit halves how often the past would bring it: 10 bits are once in a thousand windows. What is listed and what is not add up to the window’s bits.">
      <div className="flex h-3 w-full overflow-hidden rounded-sm bg-sunken" role="img" aria-label={signals.map(({ signal, bits }) => `${signal === "rest" ? "not listed" : signal} ${bits.toFixed(1)} bits`).join(", ")}>
        {signals.map(({ signal, share }) => <span key={signal} className={`h-full border-r border-paper last:border-r-0 ${signalFills[signal]}`} style={{ width: `${share * 100}%` }} />)}
      </div>
      <p className="mt-1.5 flex flex-wrap gap-x-5 text-sm">
        {signals.map(({ signal, bits }) => (
          <span key={signal} className="inline-flex items-center gap-1.5">
            <span className={`size-2.5 rounded-xs ${signalFills[signal]}`} aria-hidden="true" />{signal === "rest" ? "not listed" : signal} <span className="text-quiet">{bits.toFixed(1)}</span>
          </span>
        ))}
      </p>
      <ol className="mt-3 border-t border-rule" data-testid="parts">
        {parts.map((part) => <PartRow key={part.key} part={part} />)}
        <li className="grid grid-cols-[3.5rem_minmax(0,1fr)] gap-x-3 py-2 text-sm font-medium"><span className="text-right" data-testid="total">{total.toFixed(1)}</span><span>in all</span></li>
      </ol>
    </Section>
  );
}

function PartRow({ part: { reason, bits, share } }: { part: Part }) {
  const [open, setOpen] = useState(false);
  const text = reason?.text ?? (bits < 0 ? "taken off by what was more usual than usual" : "what is too small to list");
  return (
    <li className="grid grid-cols-[3.5rem_minmax(0,1fr)] gap-x-3 border-b border-rule py-2 text-sm" data-testid="part">
      <span className="text-right" data-bits={bits}>{bits < 0 ? `−${Math.abs(bits).toFixed(1)}` : bits.toFixed(1)}</span>
      <div className="min-w-0">
        <div className="mb-1 h-2 rounded-sm bg-sunken" aria-hidden="true">
          <div className={`h-full rounded-sm ${signalFills[reason?.signal ?? "rest"]}`} style={{ width: `${share * 100}%` }} />
        </div>
        {reason ? (
          <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
            <summary className="wrap-anywhere marker:text-quiet"><span className="sr-only">{reason.signal}: </span>{reason.severity !== undefined && !text.startsWith(reason.severity) && <span className="tag mr-1.5">{reason.severity}</span>}{text}</summary>
            {open && <Detail reason={reason} />}
          </details>
        ) : <p className="text-quiet">{text}</p>}
      </div>
    </li>
  );
}

const channels: Readonly<Record<string, string>> = {
  log_new: "new lines", log_transition: "what followed what", log_count: "how often lines came", request: "courses of requests", log_volume: "how many lines", log_per_span: "lines for the spans there were",
  trace_new: "new calls", trace_count: "how often calls came", trace_duration: "durations", trace_net: "time between client and server", trace_error: "errors of calls",
  trace_volume: "how many calls", metric: "values of metrics", metric_volume: "points of metrics",
};

/** What a channel measures, in words. */
export function channelName(name: string): string {
  return channels[name] ?? name;
}

function Detail({ reason }: { reason: Reason }) {
  const { observed, expected, band, unit, context, sample, trace_ids: traces, signal, channel } = reason;
  const number = (v: number) => quantity(v, unit);
  return (
    <dl className="mt-2 mb-1 grid grid-cols-[6rem_minmax(0,1fr)] gap-x-3 gap-y-1 text-quiet">
      <dt>measured</dt><dd><SignalName signal={signal} />, {channelName(channel)}</dd>
      <dt>observed</dt><dd className="text-ink">{number(observed)}</dd>
      <dt>expected</dt><dd className="text-ink">{number(expected)}{band?.length === 2 && <> <span className="text-quiet">({number(band[0] ?? NaN)} to {number(band[1] ?? NaN)})</span></>}</dd>
      {context !== undefined && context !== "" && <><dt>{signal === "logs" ? "after" : signal === "traces" ? "from" : "of"}</dt><dd className="wrap-anywhere text-ink">{context}</dd></>}
      {sample !== undefined && sample !== "" && <><dt>for example</dt><dd><pre className="overflow-x-auto rounded bg-sunken px-2 py-1.5 font-mono text-xs whitespace-pre-wrap wrap-anywhere text-ink">{sample}</pre></dd></>}
      {traces && traces.length > 0 && <><dt>traces</dt><dd><TraceLinks ids={traces} /></dd></>}
    </dl>
  );
}
